import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideSample, type SampleLoad } from './decide-sample.ts'

const LIMITS = { runsMax: 32, inputBytesMax: 1_000, runsPerSecond: 100 }
const CALM: SampleLoad = {
  ...{ queued: 0, queueMax: 100, inFlight: 0, waitedMs: 0 },
  ...{ backlog: 0, backlogBytes: 0, allowance: 50 },
}

describe('decideSample', () => {
  it.each<readonly [string, Partial<SampleLoad>, number]>([
    ['all that the plan asks for while there is little to do', { queued: 12, waitedMs: 25, backlog: 8 }, 0.8],
    ['less while another batch runs', { inFlight: 1 }, 0.6],
    ['less the longer requests wait, for the queue or for the loop', { waitedMs: 62.5 }, 0.4],
    ['nothing when they are late', { waitedMs: 100 }, 0],
    ['less the more requests wait', { queued: 31.25 }, 0.4],
    ['nothing from when the queue is half full', { queued: 50 }, 0],
    ['less the more runs have not ended', { backlog: 20 }, 0.4],
    ['nothing when no run has room', { backlog: 32 }, 0],
    ['nothing when their inputs take what they may', { backlogBytes: 1_000 }, 0],
    ['nothing when the pace allows no run', { allowance: 0.9 }, 0],
    ['all of what a version without a queue gets', { queueMax: 0 }, 0.8],
  ])('samples %s', (_what, load, expected) => {
    expect(decideSample(0.8, { ...CALM, ...load }, LIMITS)).toBeCloseTo(expected)
  })

  it('never samples more than the plan says, and never more under more load', () => {
    const size = fc.integer({ min: 0, max: 200 })
    const facts = fc.record({
      ...{ queued: size, queueMax: size, inFlight: fc.integer({ min: 0, max: 1 }), waitedMs: size },
      ...{
        backlog: size,
        backlogBytes: fc.integer({ min: 0, max: 2_000 }),
        allowance: fc.integer({ min: -10, max: 50 }),
      },
    })
    const more = fc.record({ queued: size, waitedMs: size, backlog: size, backlogBytes: size })
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), facts, more, (sample, load, plus) => {
        const share = decideSample(sample, load, LIMITS)
        const busier = decideSample(
          sample,
          {
            ...load,
            queued: load.queued + plus.queued,
            waitedMs: load.waitedMs + plus.waitedMs,
            backlog: load.backlog + plus.backlog,
            backlogBytes: load.backlogBytes + plus.backlogBytes,
          },
          LIMITS,
        )
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(sample)
        expect(busier).toBeLessThanOrEqual(share)
      }),
    )
  })
})
