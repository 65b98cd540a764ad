import type { InferenceResponse, NamedTensors, ServedBy, Tensor } from '@understudy/core'
import { encodeOutputs } from './encode-outputs.ts'

/** Names that an object would put into another order, or not take at all. */
const SPECIAL_NAME = /^\d+$|^__proto__$/

/** Of each version and generation the text is made once: the data plane hands out the same object for all its answers. */
const servedByTexts = new WeakMap<ServedBy, string>()

function servedByText(servedBy: ServedBy): string {
  const known = servedByTexts.get(servedBy)
  if (known !== undefined) return known
  const text = JSON.stringify(servedBy)
  servedByTexts.set(servedBy, text)
  return text
}

/** `JSON.stringify(encodeOutputs(outputs))`, without the values in between. */
export function encodeOutputsText(outputs: NamedTensors): string {
  let text = '{'
  for (const [name, tensor] of outputs) {
    if (SPECIAL_NAME.test(name) || !hasNumbers(tensor)) return JSON.stringify(encodeOutputs(outputs))
    if (text.length > 1) text += ','
    text += `${JSON.stringify(name)}:{"dtype":"${tensor.dtype}","shape":[${tensor.shape.join(',')}],"data":[`
    text += `${numbersText(tensor.data as Float64Array)}]}`
  }
  return `${text}}`
}

function hasNumbers({ dtype }: Tensor): boolean {
  switch (dtype) {
    case 'string':
    case 'bool':
    case 'float16':
    case 'int64':
    case 'uint64':
      return false
    default:
      return true
  }
}

function numbersText(data: Float64Array): string {
  let text = ''
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at] ?? 0
    if (at > 0) text += ','
    // The text of -0 is 0 here, as it is in JSON.
    text += Number.isFinite(value) ? value : `"${value}"`
  }
  return text
}

/** What stands behind the outputs in the result of one call. */
export function answerEnd({
  servedBy,
  requestId,
}: Pick<InferenceResponse, 'servedBy' | 'requestId'>): string {
  return `,"servedBy":${servedByText(servedBy)},"requestId":${JSON.stringify(requestId)}}`
}

/** What stands in front of them. */
export const ANSWER_BEGIN = '{"outputs":'
