import { describe, expect, it } from 'vitest'
import {
  type ExecutorReplacements,
  findReplacementBreach,
  type ReplacementKind,
} from './replacement-breach.ts'

const of = (kind: ReplacementKind, count: number): ExecutorReplacements => ({
  kind,
  count,
  message: `newest ${kind}.`,
})

describe('findReplacementBreach', () => {
  it.each<readonly [string, readonly ExecutorReplacements[], string | null]>([
    ['nothing', [], null],
    ['one for memory', [of('memory', 1)], null],
    ['one for a hang', [of('hang', 1)], null],
    ['one for a frame', [of('frame', 1)], null],
    ['reasons that never happened', [of('memory', 0), of('hang', 1), of('frame', 0)], null],
    ['two for memory', [of('memory', 2)], 'its process was ended twice for memory: newest memory.'],
    [
      'two for different reasons',
      [of('hang', 1), of('memory', 1)],
      'its process was ended twice for a run without end and memory: newest hang.',
    ],
    [
      'many',
      [of('frame', 2), of('memory', 1_000), of('hang', 1)],
      'its process was ended 1,003 times for an answer that cannot be read, memory and a run without end: newest frame.',
    ],
  ])('after %s says %j', (_what, replacements, breach) => {
    expect(findReplacementBreach(replacements)).toBe(breach)
  })
})
