import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { DTYPES, type DType } from '@understudy/core'
import { TensorProto } from '@understudy/protocols/generated/tensorflow/core/framework/tensor'
import {
  PredictRequest,
  PredictResponse,
} from '@understudy/protocols/generated/tensorflow_serving/apis/predict'
import { identityModel, NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { GrpcTestClient } from './grpc-fixture.ts'

const app = path.resolve(import.meta.dirname, '..')
const modelOf = (dtype: DType) => `same-${dtype}`
let rig: NodeRig
let node: RigNode
let client: GrpcTestClient

beforeAll(async () => {
  // What a user builds.
  for (const cwd of [path.join(app, '../../packages/onnx'), app]) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd })
  }
  rig = await NodeRig.create(path.join(app, '../..'))
  const models = await Promise.all(
    DTYPES.map(async (dtype) => {
      const files = identityModel(dtype)
      const tensor = (name: string) => ({ name, dtype, shape: ['N', 2] })
      const signature = { inputs: [tensor('x')], outputs: [tensor('y')] }
      const version = await rig.version({ number: 1, files, signature })
      return {
        ...{ model: modelOf(dtype), generation: 1, versions: [version], labels: { live: 1 } },
        ...{ mirror: null, capture: null, keepAnswersShare: 0 },
      }
    }),
  )
  node = await rig.start({ models })
  for (const dtype of DTYPES) await node.untilAvailable(modelOf(dtype), 1)
  client = new GrpcTestClient(node.grpcPort)
})

afterAll(async () => {
  client?.close()
  await rig?.close()
})

const EMPTY = TensorProto.decode(new Uint8Array())

/** Type, list and bytes of four values that are hard on their type, as a client writes them. */
const SENT: Record<DType, readonly [number, Partial<TensorProto>, Uint8Array]> = {
  float32: of(1, { floatVal: [-0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45] }, Float32Array),
  float64: of(2, { doubleVal: [-0, Number.NaN, 0.1, 5e-324] }, Float64Array),
  float16: of(19, { halfVal: [0x7e01, 0x8000, 0x7c00, 1] }, Uint16Array),
  int8: of(6, { intVal: [-128, 127, 0, 1] }, Int8Array),
  int16: of(5, { intVal: [-32_768, 32_767, 0, 1] }, Int16Array),
  int32: of(3, { intVal: [-(2 ** 31), 2 ** 31 - 1, 0, 1] }, Int32Array),
  int64: of(9, { int64Val: [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, -1n] }, BigInt64Array),
  uint8: of(4, { intVal: [255, 0, 1, 2] }, Uint8Array),
  uint16: of(17, { intVal: [65_535, 0, 1, 2] }, Uint16Array),
  uint32: of(22, { uint32Val: [2 ** 32 - 1, 0, 1, 2] }, Uint32Array),
  uint64: of(23, { uint64Val: [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n, 0n] }, BigUint64Array),
  bool: of(10, { boolVal: [true, false, false, true] }, Uint8Array),
  string: strings(['', 'größe', '日本語 🙂', 'a'.repeat(200)]),
}

interface Store {
  from(values: Iterable<never>): { readonly buffer: ArrayBufferLike }
}

function of(dtype: number, list: Partial<TensorProto>, store: unknown): (typeof SENT)[DType] {
  const [values = []] = Object.values(list)
  const plain = Array.from(values as Iterable<unknown>, (value) =>
    typeof value === 'boolean' ? Number(value) : value,
  )
  return [dtype, list, new Uint8Array((store as Store).from(plain as never[]).buffer)]
}

function strings(texts: readonly string[]): (typeof SENT)[DType] {
  const stringVal = texts.map((text) => Buffer.from(text))
  // Lengths of all, the last of two bytes, then all of them.
  const lengths = stringVal.flatMap(({ length }) =>
    length < 128 ? [length] : [(length & 127) | 128, length >> 7],
  )
  return [7, { stringVal }, Buffer.concat([Buffer.from(lengths), ...stringVal])]
}

async function echo(dtype: DType, more: Partial<TensorProto>): Promise<TensorProto> {
  const x: TensorProto = {
    ...EMPTY,
    dtype: SENT[dtype][0] as TensorProto['dtype'],
    tensorShape: { dim: [2n, 2n].map((size) => ({ size, name: '' })), unknownRank: false },
    ...more,
  }
  const request: PredictRequest = {
    modelSpec: { name: modelOf(dtype), versionChoice: undefined, signatureName: '' },
    inputs: new Map([['x', x]]),
    outputFilter: [],
    predictStreamedOptions: undefined,
  }
  const types = [PredictRequest, PredictResponse] as const
  const { message } = await client.unary('/tensorflow.serving.PredictionService/Predict', types, request)
  return message.outputs.get('y') ?? EMPTY
}

it.each(DTYPES)(
  '%s comes back from a model as it was sent, by its list and by its content',
  async (dtype) => {
    const [, list, tensorContent] = SENT[dtype]
    const byList = await echo(dtype, list)
    const byContent = await echo(dtype, { tensorContent })
    expect(byContent).toEqual(byList)
    const expected = Object.entries(list).map(([name, values]) => [name, plain(values)])
    const answered = Object.keys(list).map((name) => [name, plain(byList[name as keyof TensorProto])])
    expect(answered).toEqual(expected)
    expect(byList.tensorShape?.dim.map(({ size }) => size)).toEqual([2n, 2n])
  },
)

/** Floats as the type holds them, bytes as text. */
function plain(values: unknown): unknown[] {
  return Array.from(values as Iterable<unknown>, (value) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    return typeof value === 'number' && Math.abs(value) < 1e-40 ? Math.fround(value) : value
  })
}
