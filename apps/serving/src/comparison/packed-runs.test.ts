import { allocateData, DTYPES, elementCount, type NamedTensors, type Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ComparisonOrder, ComparisonRun } from './comparison-run.ts'
import { packRuns, runSizeBytes, unpackRuns } from './packed-runs.ts'

const order = (name: string): ComparisonOrder => ({
  compare: { [name]: { compare: { kind: 'equal' }, gate: true } },
  ...{ outputs: [], keepAnswers: false, storeInputs: true },
})

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    bytes: fc.uint8Array({ minLength: 216, maxLength: 216 }),
    texts: fc.array(fc.string({ unit: 'binary' }), { minLength: 27, maxLength: 27 }),
  })
  .map(({ dtype, shape, bytes, texts }) => {
    const data = allocateData(dtype, elementCount(shape))
    if (!ArrayBuffer.isView(data)) return { dtype, shape, data: texts.slice(0, data.length) }
    new Uint8Array(data.buffer).set(bytes.subarray(0, data.byteLength))
    return { dtype, shape, data }
  })
const tensors: fc.Arbitrary<NamedTensors> = fc
  .dictionary(fc.string(), tensor, { maxKeys: 3 })
  .map((named) => new Map(Object.entries(named)))
const answer = fc.oneof(
  tensors.map((outputs) => ({ outputs })),
  fc.constantFrom('onnx.run_failed' as const).map((errorCode) => ({ errorCode })),
  fc.constantFrom('onnx.run_crashed' as const).map((errorCode) => ({ errorCode, confirmed: true as const })),
)
const plans = [order('a'), order('b')]
const run: fc.Arbitrary<ComparisonRun> = fc.record({
  plan: fc.constantFrom(...plans),
  tasks: fc.array(
    fc.record({
      unitRow: fc.nat(100),
      pair: fc.record({
        ...{ requestId: fc.string(), rows: fc.nat(100), inputs: tensors },
        ...{ baseline: answer, candidate: answer },
      }),
    }),
    { maxLength: 3 },
  ),
})

describe('packed runs', () => {
  it('are the same again on the other side, whatever their tensors (property)', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 4 }), (runs) => {
        const packed = packRuns(runs)
        const crossed = structuredClone(packed, { transfer: [packed.bytes] })
        expect(unpackRuns(crossed)).toEqual(runs)
        expect(crossed.plans.length).toBeLessThanOrEqual(2)
      }),
    )
  })

  const runOf = (one: Tensor): ComparisonRun => {
    const failed = { errorCode: 'onnx.run_failed' } as const
    const pair = {
      requestId: 'a',
      rows: 1,
      inputs: new Map([['x', one]]),
      baseline: failed,
      candidate: failed,
    }
    return { plan: plans[0] ?? order('a'), tasks: [{ unitRow: 0, pair }] }
  }

  it('take along the part of a frame that is theirs, and leave the frame usable', () => {
    const frame = new Float32Array(1_000).fill(7)
    const packed = packRuns([runOf({ dtype: 'float32', shape: [2], data: frame.subarray(10, 12) })])
    expect(packed.bytes.byteLength).toBe(8)
    structuredClone(packed, { transfer: [packed.bytes] })
    expect(frame).toHaveLength(1_000)
  })

  it('have a size, of texts as well', () => {
    expect(runSizeBytes(runOf({ dtype: 'string', shape: [2], data: ['ab', 'c'] }))).toBe(6)
    expect(runSizeBytes(runOf({ dtype: 'int64', shape: [2], data: new BigInt64Array(2) }))).toBe(16)
  })
})
