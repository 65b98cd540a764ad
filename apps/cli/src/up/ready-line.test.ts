import { describe, expect, it } from 'vitest'
import { isReadyLine } from './ready-line.ts'

describe('isReadyLine', () => {
  it.each([
    ['{"level":"info","event":"ready","msg":"controller ready"}', true],
    ['{"event": "ready"}', true],
    ['{"msg":"said \\"event\\":\\"ready\\" and did not mean it"}', false],
    ['{"event":"reading"}', false],
    ['"event":"ready"', false],
    ['ready', false],
  ])('reads %s as %s', (line, expected) => {
    expect(isReadyLine(line)).toBe(expected)
  })
})
