import { type InferenceRequest, PlatformError, type Signature } from '@understudy/core'
import type { Predictor } from '@understudy/serving'
import { describe, expect, it } from 'vitest'
import { decodeInputs } from './decode-inputs.ts'
import { encodeOutputs } from './encode-outputs.ts'
import type { PredictContext } from './predict-context.ts'
import { createPredictRouter } from './predict-router.ts'
import { predictSchema } from './schemas.ts'

const signature: Signature = {
  inputs: [{ name: 'x', dtype: 'float64', shape: ['N'] }],
  outputs: [{ name: 'y', dtype: 'float64', shape: ['N'] }],
}
const servedBy = { model: 'm', version: 1, digest: 'd', commit: 'c', variant: 'live', generation: 3 } as const

function callerOf(fail?: unknown) {
  const faults: unknown[] = []
  const requests: InferenceRequest[] = []
  const predictor: Predictor = {
    predict: async (request) => {
      requests.push(request)
      if (fail !== undefined) throw fail
      return { requestId: request.requestId, outputs: request.inputs, servedBy }
    },
    describe: () => ({ servedBy, signature, signatures: {}, classLabels: {} }),
    versions: () => undefined,
    models: () => [],
    planAgeMs: () => undefined,
  }
  const context: PredictContext = {
    predictor,
    outcomes: { report: async () => [] },
    call: { timeoutMs: 100, minGeneration: 2, traceparent: undefined },
    requestId: 'id-1',
    pinned: (selector) => selector,
    onSelected: () => undefined,
    onFault: (error) => faults.push(error),
  }
  return { caller: createPredictRouter().createCaller(context), faults, requests }
}

describe('predict', () => {
  it('gives every call the id, budget and generation of its request; its own budget goes first', async () => {
    const { caller, requests } = callerOf()
    await caller.predict({ model: 'm', inputs: { x: [1] } })
    await caller.predict({ model: 'm', inputs: { x: [1] }, timeoutMs: 7, version: 4 })
    expect(requests).toMatchObject([
      { requestId: 'id-1', timeoutMs: 100, minGeneration: 2, selector: { kind: 'live' } },
      { timeoutMs: 7, selector: { kind: 'number', number: 4 } },
    ])
  })

  it.each([
    [new PlatformError('serving.queue_full', 'full'), 'TOO_MANY_REQUESTS', 0],
    [new PlatformError('serving.deadline_exceeded', 'late'), 'GATEWAY_TIMEOUT', 0],
    [new PlatformError('onnx.run_failed', 'secret'), 'INTERNAL_SERVER_ERROR', 1],
    [new TypeError('secret'), 'INTERNAL_SERVER_ERROR', 1],
  ])('turns %s into a tRPC error and reports faults once', async (thrown, code, faultCount) => {
    const { caller, faults } = callerOf(thrown)
    const error = await caller.predict({ model: 'm', inputs: { x: [1] } }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('secret')
    expect(faults).toHaveLength(faultCount)
  })
})

describe('values', () => {
  it('come back as they were sent', () => {
    const data = [0, 1.5, -2e300, 5e-324, 16_777_217, 'NaN', 'Infinity', '-Infinity']
    const tensors = decodeInputs({ model: 'm', inputs: { x: data } }, signature)
    expect(encodeOutputs(tensors).x).toEqual({ dtype: 'float64', shape: [data.length], data })
  })

  it('of 64-bit integers are exact, as numbers or as text', () => {
    const long: Signature = { inputs: [{ name: 'i', dtype: 'int64', shape: ['N'] }], outputs: [] }
    const data = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, 2n ** 53n - 1n, -7n, 0n]
    const sent = data.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)))
    const tensors = decodeInputs({ model: 'm', inputs: { i: sent } }, long)
    expect(tensors.get('i')?.data).toEqual(BigInt64Array.from(data))
    expect(encodeOutputs(tensors).i?.data).toEqual(sent)
    for (const odd of ['9223372036854775808', '1.0', '', '0x10', 1.5, true, null]) {
      expect(() => decodeInputs({ model: 'm', inputs: { i: [odd as string] } }, long)).toThrow(
        'expected an integer',
      )
    }
  })

  it.each([
    null,
    {},
    { data: [1] },
    { shape: [-1], data: [] },
    { shape: [0.5], data: [1] },
    { shape: 'x', data: [1] },
    [[1], 2],
    [[[]], [1]],
    [{ x: 1 }],
    true,
  ])('that are no tensor give a registered error: %j', (value) => {
    const attempt = (input: object) => () =>
      decodeInputs(predictSchema.parse({ model: 'm', ...input }), signature)
    expect(attempt({ inputs: { x: value } })).toThrow(PlatformError)
    expect(attempt({ instances: [value, 1] })).toThrow(PlatformError)
  })
})
