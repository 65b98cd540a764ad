import { describe, expect, it } from 'vitest'
import { NOT_SEEN_YET, type NodeSighting, nextReadiness } from './next-readiness.ts'

const after = (...seen: NodeSighting[]) => seen.reduce(nextReadiness, NOT_SEEN_YET).ready

describe('nextReadiness', () => {
  it.each<[string, NodeSighting[], boolean]>([
    ['is out before it was seen', [], false],
    ['is in at the first good answer', ['ready'], true],
    ['is out at once when it says so', ['ready', 'notReady'], false],
    ['is out at once when nobody listens', ['ready', 'refused'], false],
    ['stays in through two silences', ['ready', 'silent', 'silent'], true],
    ['is out after three silences in a row', ['ready', 'silent', 'silent', 'silent'], false],
    ['counts silences in a row only', ['ready', 'silent', 'silent', 'ready', 'silent', 'silent'], true],
    ['is back at the first good answer', ['ready', 'silent', 'silent', 'silent', 'ready'], true],
    ['is not brought in by silence', ['notReady', 'silent'], false],
  ])('%s', (_name, seen, expected) => {
    expect(after(...seen)).toBe(expected)
  })
})
