import { describe, expect, it } from 'vitest'
import { describeIncidents, type IncidentCount } from './describe-incidents.ts'

const of = (kind: IncidentCount['kind'], count: number, confirmed = 0): IncidentCount => ({
  ...{ kind, count, confirmed },
  message: `Newest ${kind}.`,
})

describe('describeIncidents', () => {
  it.each<readonly [string, readonly IncidentCount[], string | null]>([
    ['nothing', [], null],
    ['one crash', [of('crash', 1)], 'v3 lost its process once: 1 by a crash. The newest: Newest crash.'],
    [
      'several kinds',
      [of('memory', 2), of('hang', 1), of('frame', 1)],
      'v3 lost its process 4 times: 2 for memory, 1 for a run without end and 1 for an answer that cannot be read. The newest: Newest memory.',
    ],
    [
      'an input that was found',
      [of('crash', 3, 1)],
      'v3 lost its process 2 times: 2 by a crash. An input was found to do it each time, and refused for a while, once. The newest: Newest crash.',
    ],
  ])('says %s', (_what, incidents, sentence) => {
    expect(describeIncidents(3, incidents)).toBe(sentence)
  })
})
