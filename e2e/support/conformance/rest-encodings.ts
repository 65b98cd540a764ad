import type { NamedTensors, Tensor } from '@understudy/core'
import { OIP_DATATYPE } from '@understudy/protocols'
import type { RigNode } from '@understudy/testing'
import type { ConformanceCase } from './conformance-cases.ts'
import { type Answer, type Encoding, refused } from './encodings.ts'
import {
  type ExactJson,
  flatText,
  nestedText,
  parseExact,
  rowsOf,
  rowText,
  tensorOfLists,
} from './exact-json.ts'
import { fromBytes, toBytes } from './tensor-bytes.ts'

type Members = Readonly<Record<string, ExactJson>>

async function post(
  node: RigNode,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
) {
  const response = await fetch(node.url + path, { method: 'POST', body: body as BodyInit, headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  const headerLength = Number(response.headers.get('inference-header-content-length') ?? bytes.length)
  return {
    status: response.status,
    bytes,
    headerLength,
    text: bytes.subarray(0, headerLength).toString('utf8'),
  }
}

const TFS = 'TensorFlow Serving REST'
const OIP = 'Open Inference Protocol REST'

async function predict(node: RigNode, { model }: ConformanceCase, body: string) {
  const { status, text } = await post(node, `/v1/models/${model}:predict`, body)
  return { status, text, document: status === 200 ? (parseExact(text) as Members) : {} }
}

const rows: Encoding = {
  protocol: TFS,
  name: 'rows',
  async ask(node, one) {
    const instances = Array.from({ length: rowsOf(one.inputs) }, (_, row) => rowText(one.inputs, row))
    const { status, text, document } = await predict(node, one, `{"instances":[${instances.join(',')}]}`)
    if (status !== 200) return refused(status, text)
    const { outputs } = one.signature
    const predictions = document.predictions as readonly ExactJson[]
    return answered(
      outputs.map(({ name, dtype }) => {
        const column =
          outputs.length === 1 ? predictions : predictions.map((row) => (row as Members)[name] ?? '')
        return [name, tensorOfLists(dtype, column)]
      }),
    )
  },
}

const columns: Encoding = {
  protocol: TFS,
  name: 'columns',
  async ask(node, one) {
    const members = [...one.inputs].map(([name, tensor]) => `${JSON.stringify(name)}:${nestedText(tensor)}`)
    const { status, text, document } = await predict(node, one, `{"inputs":{${members.join(',')}}}`)
    if (status !== 200) return refused(status, text)
    const { outputs } = one.signature
    return answered(
      outputs.map(({ name, dtype }) => {
        const lists = outputs.length === 1 ? document.outputs : (document.outputs as Members)[name]
        return [name, tensorOfLists(dtype, lists ?? '')]
      }),
    )
  },
}

function answered(outputs: readonly (readonly [string, Tensor])[]): Answer {
  return { kind: 'answered', outputs: new Map(outputs) }
}

function inputHead(name: string, { shape, dtype }: Tensor): string {
  return `"name":${JSON.stringify(name)},"shape":[${shape.join(',')}],"datatype":"${OIP_DATATYPE[dtype]}"`
}

async function infer(
  node: RigNode,
  one: ConformanceCase,
  body: string | Buffer,
  headerLength?: number,
): Promise<Answer> {
  const headers = {
    ...(headerLength !== undefined && { 'inference-header-content-length': String(headerLength) }),
  }
  const {
    status,
    text,
    bytes,
    headerLength: end,
  } = await post(node, `/v2/models/${one.model}/infer`, body, headers)
  if (status !== 200) return refused(status, text)
  return answered(outputsOf(one, parseExact(text) as Members, bytes.subarray(end)))
}

function outputsOf({ signature }: ConformanceCase, document: Members, binary: Buffer) {
  let at = 0
  return (document.outputs as readonly Members[]).map((output) => {
    const { name, shape, data, parameters } = output
    const spec = signature.outputs.find((known) => known.name === name)
    if (spec === undefined) throw new Error(`there is no output ${String(name)}`)
    const sizes = (shape as readonly string[]).map((size) => Number(size.slice(1)))
    if (data !== undefined) return [spec.name, tensorOfLists(spec.dtype, data, sizes)] as const
    const size = Number(String((parameters as Members).binary_data_size).slice(1))
    const part = binary.subarray(at, at + size)
    at += size
    return [spec.name, fromBytes(spec.dtype, sizes, part)] as const
  })
}

const json: Encoding = {
  protocol: OIP,
  name: 'JSON',
  ask(node, one) {
    const inputs = [...one.inputs].map(
      ([name, tensor]) => `{${inputHead(name, tensor)},"data":${flatText(tensor)}}`,
    )
    return infer(node, one, `{"inputs":[${inputs.join(',')}]}`)
  },
}

const binary: Encoding = {
  protocol: OIP,
  name: 'binary',
  ask(node, one) {
    const parts = [...one.inputs].map(([name, tensor]) => ({ name, tensor, bytes: toBytes(tensor) }))
    const inputs = parts.map(
      ({ name, tensor, bytes }) =>
        `{${inputHead(name, tensor)},"parameters":{"binary_data_size":${bytes.length}}}`,
    )
    const head = Buffer.from(`{"parameters":{"binary_data_output":true},"inputs":[${inputs.join(',')}]}`)
    return infer(node, one, Buffer.concat([head, ...parts.map(({ bytes }) => bytes)]), head.length)
  },
}

const raw: Encoding = {
  protocol: OIP,
  name: 'raw',
  arrivesAs({ inputs, signature }) {
    const [{ data } = { data: [] }] = inputs.values()
    const isOpen = signature.inputs[0]?.shape.every((size) => typeof size === 'string') === true
    return isOpen && signature.inputs[0]?.shape.length === 2 ? [1, data.length] : undefined
  },
  ask(node, one) {
    return infer(node, one, Buffer.concat([...one.inputs.values()].map(toBytes)), 0)
  },
}

export const REST_ENCODINGS: readonly Encoding[] = [rows, columns, json, binary, raw]

/** Whether two answers are the same, bit by bit; every NaN counts as the same. */
export function sameTensors(actual: NamedTensors, expected: NamedTensors, losesSignOfZero: boolean): boolean {
  if (actual.size !== expected.size) return false
  for (const [name, truth] of expected) {
    const tensor = actual.get(name)
    if (tensor === undefined || tensor.dtype !== truth.dtype) return false
    if (String(tensor.shape) !== String(truth.shape) || tensor.data.length !== truth.data.length) return false
    for (let at = 0; at < truth.data.length; at += 1) {
      const [left, right] = [tensor.data[at], truth.data[at]]
      if (!(Object.is(left, right) || (losesSignOfZero && left === right))) return false
    }
  }
  return true
}
