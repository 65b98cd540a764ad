import { DTYPES, type DType, type NamedTensors, type Tensor } from '@understudy/core'
import { identityModel, manyValuesModel } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ExecutorRig, failureOf } from './support/executor-rig.ts'
import { floats, runInProcess } from './support/in-process.ts'

/** Bits of numbers with a payload in what is not a number, which an equality of values would not see. */
function bits(dtype: 'float32' | 'float64', ...words: number[]): Tensor['data'] {
  const { buffer } = Uint32Array.from(words)
  return dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer)
}

const SAMPLE: Record<DType, Tensor['data']> = {
  float32: bits('float32', 0x7fc0_1234, 0x8000_0000, 0x7f80_0000, 0x0000_0001),
  float64: bits('float64', 1, 0x7ff8_0042, 0, 0x8000_0000, 0, 0xfff0_0000, 1, 0),
  float16: Uint16Array.of(0x7e01, 0x8000, 0x7c00, 1),
  int8: Int8Array.of(-128, 127, 0, 1),
  int16: Int16Array.of(-32_768, 32_767, 0, 1),
  int32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 1),
  int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n),
  uint8: Uint8Array.of(255, 0, 1, 2),
  uint16: Uint16Array.of(65_535, 0, 1, 2),
  uint32: Uint32Array.of(2 ** 32 - 1, 0, 1, 2),
  uint64: BigUint64Array.of(2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n, 0n),
  bool: Uint8Array.of(1, 0, 0, 1),
  string: ['', 'größe', '日本語 🙂', 'a'.repeat(1_000)],
}

/** What a tensor holds, bit by bit. */
function contentOf(tensor: Tensor | undefined): unknown {
  if (!tensor) return undefined
  const { dtype, shape, data } = tensor
  if (dtype === 'string') return { dtype, shape, data }
  const { buffer, byteOffset, byteLength } = data as Uint8Array
  return { dtype, shape, kind: data.constructor.name, bytes: Buffer.from(buffer, byteOffset, byteLength) }
}

let rig: ExecutorRig
beforeAll(async () => {
  rig = await ExecutorRig.create()
})
afterEach(() => rig.endStarted())
afterAll(() => rig?.remove())

describe.each(DTYPES)('tensors of %s', (dtype) => {
  it('come back bit by bit, and as a run in the same process gives them', async () => {
    const served = await rig.startWith(identityModel(dtype))
    const inputs: NamedTensors = new Map([['x', { dtype, shape: [2, 2], data: SAMPLE[dtype] }]])
    const { outputs } = await served.run(inputs)
    expect(contentOf(outputs.get('y'))).toEqual(contentOf(inputs.get('x')))
    const inProcess = await runInProcess(served.modelPath, inputs)
    expect(contentOf(outputs.get('y'))).toEqual(contentOf(inProcess.get('y')))
    const none: NamedTensors = new Map([
      ['x', { dtype, shape: [0, 2], data: SAMPLE[dtype].slice(0, 0) as Tensor['data'] }],
    ])
    expect(contentOf((await served.run(none)).outputs.get('y'))).toEqual(contentOf(none.get('x')))
  })
})

it('several inputs and outputs, scalars, vectors without elements and empty texts are answered in the order of the signature', async () => {
  const served = await rig.startWith(manyValuesModel())
  const inputs: NamedTensors = new Map<string, Tensor>([
    ['texts', { dtype: 'string', shape: [3], data: ['', 'x', ''] }],
    ['b', floats([1, 2], 10, 20)],
    ['a', floats([1, 2], 1, 2)],
  ])
  const { outputs } = await served.run(inputs)
  expect([...outputs]).toEqual([
    ['total', floats([], 33)],
    ['nothing', floats([0])],
    ['sum', floats([1, 2], 11, 22)],
    ['copies', { dtype: 'string', shape: [3], data: ['', 'x', ''] }],
  ])
})

it('a text with the character NUL is refused, since ONNX Runtime would cut it there', async () => {
  const served = await rig.startWith(identityModel('string', 1))
  const x: Tensor = { dtype: 'string', shape: [1, 1], data: ['a\0b'] }
  const failure = await failureOf(served.run(new Map([['x', x]])))
  expect(failure).toMatchObject({ code: 'onnx.run_failed', message: expect.stringContaining('NUL') })
})
