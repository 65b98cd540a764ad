import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layOutStages } from './lay-out-stages.ts'

const NONE = { decodeMs: 0, queueMs: 0, batchMs: 0, runMs: 0, encodeMs: 0 }
const ms = fc.double({ min: 0, max: 1_000, noNaN: true })

describe('layOutStages', () => {
  it('puts the stages one after another, to the end of the request, and the run in the middle of its batch', () => {
    const times = { decodeMs: 10, queueMs: 20, batchMs: 30, runMs: 10, encodeMs: 5 }
    expect(layOutStages(1_000, 100, times)).toEqual([
      { name: 'decode', startMs: 1_035, endMs: 1_045 },
      { name: 'queue', startMs: 1_045, endMs: 1_065 },
      { name: 'batch', startMs: 1_065, endMs: 1_095 },
      { name: 'run', startMs: 1_075, endMs: 1_085 },
      { name: 'encode', startMs: 1_095, endMs: 1_100 },
    ])
  })

  it('leaves out what did not take place', () => {
    expect(layOutStages(0, 10, { ...NONE, decodeMs: 2 })).toEqual([{ name: 'decode', startMs: 8, endMs: 10 }])
    expect(layOutStages(0, 10, NONE)).toEqual([])
  })

  it('never leaves the request, and never the batch with its run, whatever the clocks said', () => {
    fc.assert(
      fc.property(
        ms,
        fc.record({ decodeMs: ms, queueMs: ms, batchMs: ms, runMs: ms, encodeMs: ms }),
        (tookMs, times) => {
          const stages = layOutStages(500, tookMs, times)
          for (const { startMs, endMs } of stages) {
            expect(startMs).toBeGreaterThanOrEqual(500)
            expect(endMs).toBeLessThanOrEqual(500 + tookMs)
            expect(startMs).toBeLessThanOrEqual(endMs)
          }
          const [batch, run] = ['batch', 'run'].map((name) => stages.find((stage) => stage.name === name))
          if (run === undefined) return
          expect(run.startMs).toBeGreaterThanOrEqual(batch?.startMs ?? Infinity)
          expect(run.endMs).toBeLessThanOrEqual((batch?.endMs ?? 0) + 1e-9)
        },
      ),
    )
  })
})
