import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { LINE_SIGNATURE, rowsOfX } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { CapturedInputs } from './captured-inputs.ts'

const ROW_BYTES = 8
const SOURCE = { signature: LINE_SIGNATURE, batchable: true }

describe('CapturedInputs', () => {
  let clock: TestClock
  let captured: CapturedInputs

  beforeEach(() => {
    clock = new TestClock()
    captured = new CapturedInputs(clock, {
      ...{ inputsPerModel: 3, bytesPerModel: 3 * ROW_BYTES, bytesPerNode: 5 * ROW_BYTES, intervalMs: 1_000 },
    })
  })

  async function see(model: string, ...values: readonly number[]): Promise<void> {
    const probe = captured.probe(model, SOURCE)
    for (const value of values) {
      probe.see(rowsOfX([value, 0]), Promise.resolve())
      await clock.advance(1_000)
    }
  }
  const firsts = (model: string) =>
    captured.of(model, LINE_SIGNATURE).map((inputs) => Number(inputs.get('x')?.data[0]))

  it('keeps the newest distinct inputs, newest first, within its limits', async () => {
    await see('m', 1, 2, 2, 1, 3, 4)
    expect(firsts('m')).toEqual([4, 3, 2])
    expect(captured.sizeBytes).toBe(3 * ROW_BYTES)
    await see('n', 7, 8, 9)
    expect(firsts('n')).toEqual([8, 7])
    expect(captured.sizeBytes).toBe(5 * ROW_BYTES)
    captured.forget('m')
    expect([firsts('m'), captured.sizeBytes]).toEqual([[], 2 * ROW_BYTES])
  })

  it('looks once in a while, not at every batch', async () => {
    const probe = captured.probe('m', SOURCE)
    for (const value of [1, 2, 3]) probe.see(rowsOfX([value, 0]), Promise.resolve())
    await flush()
    expect(firsts('m')).toEqual([1])
  })

  it('keeps one row of a batch, and a copy of it', async () => {
    const batch = rowsOfX([1, 0], [2, 0])
    captured.probe('m', SOURCE).see(batch, Promise.resolve())
    const data = batch.get('x')?.data
    if (data instanceof Float32Array) data.fill(9)
    await flush()
    expect(captured.of('m', LINE_SIGNATURE)).toEqual([rowsOfX([1, 0])])
  })

  it('keeps nothing that the model failed, and nothing that is too large', async () => {
    const failed = Promise.reject(new Error('no'))
    captured.probe('m', SOURCE).see(rowsOfX([1, 0]), failed)
    captured
      .probe('n', { ...SOURCE, batchable: false })
      .see(rowsOfX([1, 0], [2, 0], [3, 0], [4, 0]), Promise.resolve())
    await flush()
    expect([firsts('m'), firsts('n'), captured.sizeBytes]).toEqual([[], [], 0])
  })

  it('offers nothing to another signature, and starts over with it', async () => {
    await see('m', 1)
    const other = { ...LINE_SIGNATURE, inputs: [{ name: 'x', dtype: 'float32' as const, shape: [1, 2] }] }
    expect(captured.of('m', other)).toEqual([])
    captured.probe('m', { signature: other, batchable: true }).see(rowsOfX([5, 0]), Promise.resolve())
    await flush()
    expect([firsts('m'), captured.of('m', other).length]).toEqual([[], 1])
  })
})
