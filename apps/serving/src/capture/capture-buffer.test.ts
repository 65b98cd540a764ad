import {
  allocateData,
  type CapturePlan,
  DTYPES,
  deriveInputKey,
  type NamedTensors,
  type Tensor,
  unsealBytes,
} from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { CaptureBuffer, captureSubject } from './capture-buffer.ts'
import { decodeInputs, encodeInputs, redactInputs } from './input-codec.ts'

const KEY = deriveInputKey('the secret of an installation')
const PLAN: CapturePlan = { share: 1, maxRequests: 10, maxBytes: 1e6, maxAgeMs: 1e6, redact: ['name'] }
const floats = (...values: readonly number[]): Tensor => ({
  ...{ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) },
})
const zeros = (length: number): Tensor => ({
  dtype: 'float32',
  shape: [length],
  data: new Float32Array(length),
})
const texts = (...data: readonly string[]): Tensor => ({ dtype: 'string', shape: [data.length], data })

describe('inputs as bytes', () => {
  it('are the same again for every type, also as a view into a frame', () => {
    const inputs = new Map<string, Tensor>(
      DTYPES.map((dtype) => {
        const data = allocateData(dtype, 2)
        return [dtype, { dtype, shape: [2], data: Array.isArray(data) ? ['a\0', '\ud800'] : data }]
      }),
    )
    inputs.set('view', { dtype: 'float32', shape: [2], data: Float32Array.from([1, 2, 3, 4]).subarray(1, 3) })
    inputs.set('bytes', { dtype: 'uint8', shape: [3], data: Buffer.from([1, 2, 3]) })
    const decoded = decodeInputs(encodeInputs(inputs))
    expect(
      [...(decoded ?? [])].map(([name, { shape, data }]) => [name, shape, [...(data as Iterable<unknown>)]]),
    ).toEqual([...inputs].map(([name, { shape, data }]) => [name, shape, [...(data as Iterable<unknown>)]]))
    expect(encodeInputs(new Map([['x', floats(1)]])).byteLength).toBeLessThan(200)
  })

  it('are nothing where the bytes are no tensors', () => {
    expect(decodeInputs(Buffer.from('no such thing'))).toBeUndefined()
    const lying = new Map([['x', { ...floats(1, 2), shape: [3] }]])
    expect(decodeInputs(encodeInputs(lying))).toBeUndefined()
  })

  it('have zeros and empty texts in redacted ones, and keep their form', () => {
    const inputs = new Map([
      ['x', floats(1, 2)],
      ['name', texts('Ada', 'Grace')],
    ])
    expect(redactInputs(inputs, ['name', 'x', 'unknown'])).toEqual(
      new Map([
        ['x', floats(0, 0)],
        ['name', texts('', '')],
      ]),
    )
    expect(inputs.get('name')).toEqual(texts('Ada', 'Grace'))
  })
})

describe('CaptureBuffer', () => {
  const offer = (buffer: CaptureBuffer, requestId: string, inputs: NamedTensors) =>
    buffer.offer('iris', PLAN, { requestId, rows: 1, inputs })

  it('gives requests away encrypted, redacted, and as they were when they were offered', () => {
    const clock = new TestClock()
    const buffer = new CaptureBuffer(KEY, clock)
    const x = floats(1, 2)
    offer(
      buffer,
      'r-1',
      new Map([
        ['x', x],
        ['name', texts('Ada')],
      ]),
    )
    ;(x.data as Float32Array).fill(9)
    const [row] = buffer.take() ?? []
    expect(row).toMatchObject({ model: 'iris', requestId: 'r-1', rows: 1, capturedAtMs: clock.now() })
    const opened = unsealBytes(KEY, row?.body ?? new Uint8Array(), captureSubject('iris', 'r-1'))
    expect(decodeInputs(opened ?? new Uint8Array())).toEqual(
      new Map([
        ['x', floats(1, 2)],
        ['name', texts('')],
      ]),
    )
    expect(Buffer.from(row?.body ?? []).includes('float32')).toBe(false)
    expect(buffer.take()).toBeUndefined()
  })

  it('drops what is too large and what there is no room for, and counts it', () => {
    const buffer = new CaptureBuffer(KEY, new TestClock())
    offer(buffer, 'large', new Map([['x', zeros(300_000)]]))
    for (let index = 0; index < 1_003; index += 1)
      offer(buffer, `r-${index}`, new Map([['x', floats(index)]]))
    expect(buffer.dropped).toEqual({ tooLarge: 1, noRoom: 3 })
    const batches = Array.from({ length: 6 }, () => buffer.take()?.length)
    expect(batches).toEqual([200, 200, 200, 200, 200, undefined])
  })

  it('holds no more bytes than it may, and gives few of them away at a time', () => {
    const buffer = new CaptureBuffer(KEY, new TestClock())
    const inputs = new Map([['x', zeros(250_000)]])
    for (let index = 0; index < 30; index += 1) offer(buffer, `r-${index}`, inputs)
    expect(buffer.dropped).toEqual({ tooLarge: 0, noRoom: 13 })
    expect(buffer.take()).toHaveLength(4)
    offer(buffer, 'again', inputs)
    expect(buffer.dropped.noRoom).toBe(13)
  })
})
