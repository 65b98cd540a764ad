import { DTYPES, type DType, type Tensor } from '@understudy/core'
import { decodeRawTensor, encodeRawTensor, OIP_DATATYPE } from '@understudy/protocols'
import { identityModel, NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT } from '../support/platform.ts'
import { planOf, SMALL } from '../support/serving-plans.ts'

const COLUMNS = 2

let rig: NodeRig
let node: RigNode

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const models = DTYPES.map(async (dtype) => {
    const version = await rig.version({
      ...{ number: 1, files: identityModel(dtype, COLUMNS), measured: SMALL },
      signature: {
        inputs: [{ name: 'x', dtype, shape: ['N', COLUMNS] }],
        outputs: [{ name: 'y', dtype, shape: ['N', COLUMNS] }],
      },
      runtime: { timeoutMs: 10_000 },
      classLabels: { y: ['cat', 'dog'] },
    })
    return planOf(dtype, 1, [version])
  })
  node = await rig.start({ models: await Promise.all(models) })
  for (const dtype of DTYPES) await node.untilAvailable(dtype, 1)
})
afterAll(() => rig?.close())

/** Values at the edges of each type, two in a row. */
const VALUES: { readonly [D in DType]: Tensor['data'] } = {
  float32: Float32Array.of(-0, 1.5, 3.402_823_466_385_288_6e38, 1e-45, Number.NaN, Number.NEGATIVE_INFINITY),
  float64: Float64Array.of(-0, 1 / 3, Number.MAX_VALUE, 5e-324, Number.NaN, Number.POSITIVE_INFINITY),
  float16: Uint16Array.of(0x8000, 0x3c00, 0x7bff, 0x0001, 0x7e00, 0xfc00),
  int8: Int8Array.of(-128, 127),
  int16: Int16Array.of(-32_768, 32_767),
  int32: Int32Array.of(-2_147_483_648, 2_147_483_647),
  int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, 0n),
  uint8: Uint8Array.of(0, 255),
  uint16: Uint16Array.of(0, 65_535),
  uint32: Uint32Array.of(0, 4_294_967_295),
  uint64: BigUint64Array.of(0n, 2n ** 64n - 1n, 2n ** 53n + 1n, 1n),
  bool: Uint8Array.of(0, 1, 1, 0),
  string: ['', 'plain', 'ä"\\', '\u{1f98a}'],
}

const tensorOf = (dtype: DType): Tensor => {
  const data = VALUES[dtype]
  return { dtype, shape: [data.length / COLUMNS, COLUMNS], data }
}

/** As a client writes it, with every digit. */
function jsonOf({ dtype, data }: Tensor): string {
  if (dtype === 'string') return JSON.stringify(data)
  const one = (value: unknown) =>
    dtype === 'bool' ? String(value === 1) : Object.is(value, -0) ? '-0.0' : String(value)
  return `[${Array.from(data as ArrayLike<unknown>, one).join(',')}]`
}

interface Answer {
  readonly status: number
  readonly json: string
  readonly binary: Uint8Array
}

async function infer(
  model: string,
  body: string | Uint8Array<ArrayBuffer>,
  headerLength?: number,
): Promise<Answer> {
  const headers: Record<string, string> = {}
  if (headerLength !== undefined) headers['inference-header-content-length'] = String(headerLength)
  const response = await fetch(`${node.url}/v2/models/${model}/infer`, { method: 'POST', body, headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const length = Number(response.headers.get('inference-header-content-length') ?? bytes.length)
  return {
    status: response.status,
    json: Buffer.from(bytes.subarray(0, length)).toString('utf8'),
    binary: bytes.slice(length),
  }
}

const head = (tensor: Tensor, rest: string, outputs = '') =>
  `{"inputs":[{"name":"x","shape":[${tensor.shape}],"datatype":"${OIP_DATATYPE[tensor.dtype]}",${rest}}]${outputs}}`
const BINARY_OUTPUT = ',"outputs":[{"name":"y","parameters":{"binary_data":true}}]'

function binaryBody(tensor: Tensor, outputs = '') {
  const raw = encodeRawTensor(tensor)
  const json = Buffer.from(head(tensor, `"parameters":{"binary_data_size":${raw.length}}`, outputs))
  return [new Uint8Array(Buffer.concat([json, raw])), json.length] as const
}

describe.each(DTYPES)('an identity model of %s', (dtype) => {
  const tensor = tensorOf(dtype)

  const inJson = dtype === 'float16' ? [] : [dtype]
  it.each(inJson)('gives %s back as JSON digit by digit, and as binary', async () => {
    const { status, json } = await infer(dtype, head(tensor, `"data":${jsonOf(tensor)}`))
    expect([status, json]).toEqual([200, expect.stringContaining('"model_name"')])
    const data = json.slice(json.indexOf('"data":') + '"data":'.length, -'}]}'.length)
    if (dtype === 'float32' || dtype === 'float64') {
      const numbers = data.slice(1, -1).split(',').map(Number)
      expect(numbers).toEqual(Array.from(tensor.data as Float64Array))
    } else expect(data).toBe(jsonOf(tensor))
    const asBinary = await infer(dtype, head(tensor, `"data":${jsonOf(tensor)}`, BINARY_OUTPUT))
    expect(decodeRawTensor(dtype, tensor.shape, asBinary.binary)).toEqual(tensor)
  })

  it('gives binary tensors back byte by byte', async () => {
    const { status, json, binary } = await infer(dtype, ...binaryBody(tensor, BINARY_OUTPUT))
    expect([status, json]).toEqual([200, expect.stringContaining(`"datatype":"${OIP_DATATYPE[dtype]}"`)])
    expect(Buffer.from(binary)).toEqual(Buffer.from(encodeRawTensor(tensor)))
  })

  // A raw body of texts is one text; the model takes two in a row.
  const inRaw = dtype === 'string' ? [] : [dtype]
  it.each(inRaw)('gives raw bodies of %s back byte by byte', async () => {
    const raw = new Uint8Array(encodeRawTensor(tensor))
    const { status, binary } = await infer(dtype, raw, 0)
    expect([status, Buffer.from(binary)]).toEqual([200, Buffer.from(raw)])
  })
})

it('refuses half floats as JSON before anything runs, in and out', async () => {
  const tensor = tensorOf('float16')
  const asNumbers = await infer('float16', head(tensor, '"data":[1,2]'))
  expect([asNumbers.status, asNumbers.json]).toEqual([
    400,
    expect.stringContaining('receiving FP16 data via JSON'),
  ])
  const plain = await infer('float16', ...binaryBody(tensor))
  expect([plain.status, plain.json]).toEqual([400, expect.stringContaining('sending FP16 data via JSON')])
})

it("refuses names, types and shapes that are not the model's", async () => {
  const x = (more: string) => `{"inputs":[{"name":"x",${more}}]}`
  for (const [body, text] of [
    [x('"shape":[1,2],"datatype":"FP64","data":[1,2]'), 'float32'],
    [x('"shape":[1,3],"datatype":"FP32","data":[1,2,3]'), 'float32 [N, 2]'],
    [x('"shape":[2],"datatype":"FP32","data":[1,2]'), 'float32 [N, 2]'],
    ['{"inputs":[]}', '"x" is missing'],
    ['{"inputs":[{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}]}', '"x"'],
    [x('"shape":[1,2],"datatype":"FP32","data":[1,2]').replace('}]}', '}],"outputs":[{"name":"q"}]}'), '"q"'],
  ] as const) {
    const { status, json } = await infer('float32', body)
    expect([status, json]).toEqual([400, expect.stringContaining(text.replaceAll('"', '\\"'))])
  }
})

it('answers large bodies as it answers small ones', async () => {
  const data = Float32Array.from({ length: 200_000 }, (_, at) => Math.sin(at))
  const tensor: Tensor = { dtype: 'float32', shape: [100_000, COLUMNS], data }
  const fromJson = await infer('float32', head(tensor, `"data":[${data.join(',')}]`, BINARY_OUTPUT))
  expect(fromJson.status).toBe(200)
  expect(decodeRawTensor('float32', tensor.shape, fromJson.binary)).toEqual(tensor)
  const toJson = await infer('float32', ...binaryBody(tensor))
  expect(Float32Array.from(JSON.parse(toJson.json).outputs[0].data)).toEqual(data)
})

it('names classes, and counts what it answered', async () => {
  const outputs = ',"outputs":[{"name":"y","parameters":{"classification":1}}]'
  const tensor: Tensor = { dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, 2, 4, 3) }
  const { json } = await infer('int32', head(tensor, `"data":${jsonOf(tensor)}`, outputs))
  expect(JSON.parse(json).outputs).toEqual([
    { name: 'y', datatype: 'BYTES', shape: [2, 1], data: ['2:1:dog', '4:0:cat'] },
  ])
  const stats = await (await fetch(`${node.url}/v2/models/int32/stats`)).json()
  const [version] = stats.model_stats
  expect(version.inference_count).toBeGreaterThanOrEqual(2)
  expect(version.execution_count).toBeGreaterThanOrEqual(1)
  expect(version.inference_stats.success.count).toBeGreaterThanOrEqual(1)
  expect(version.inference_stats.compute_infer.ns).toBeGreaterThan(0)
  const index = await (await fetch(`${node.url}/v2/repository/index`, { method: 'POST' })).json()
  expect(index).toContainEqual({ name: 'int32', version: '1', state: 'READY', reason: '' })
})
