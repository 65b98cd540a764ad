import type { DType, NamedTensors } from '@understudy/core'
import { type AnswerForm, encodeInferResponse, type InferAnswer } from '@understudy/protocols'
import { type InferBody, joinInferText, latin1Of } from './join-infer.ts'

interface OutputFace {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** The JSON in front of binary outputs, and all that it was made of. */
interface KeptJson {
  readonly json: string
  readonly model: string
  readonly version: number
  readonly form: AnswerForm
  readonly outputs: readonly OutputFace[]
}

/**
 * Bodies of infer answers, as texts where {@link joinInferText} makes some. The JSON in front of binary outputs is the same from one answer
 * to the next, as long as the same client asks the same version: it is written once.
 */
export class InferTexts {
  #kept: KeptJson | undefined

  of(answer: InferAnswer): InferBody {
    const kept = this.#kept
    if (kept !== undefined && isJsonOf(kept, answer)) return withBinary(kept.json, answer.outputs)
    const encoded = encodeInferResponse(answer)
    const body = joinInferText(encoded)
    const isText = body.headerLength !== undefined && typeof body.body === 'string'
    if (isText && dependsOnFaces(answer)) this.#kept = keptOf(encoded.json, answer)
    return body
  }
}

/** Nothing in its JSON comes from what the outputs hold, or from an id of the request. */
function dependsOnFaces({ outputs, form }: InferAnswer): boolean {
  if (form.id !== '') return false
  for (const [name, { dtype }] of outputs) {
    const asked = form.outputs?.find((output) => output.name === name)
    const isBinary = asked?.isBinary ?? form.isBinary
    // How many bytes texts are, depends on the texts.
    if (!isBinary || dtype === 'string' || (asked?.classCount ?? 0) > 0) return false
  }
  return true
}

function keptOf(json: string, { model, version, form, outputs }: InferAnswer): KeptJson {
  const faces = [...outputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }))
  return { json, model, version, form, outputs: faces }
}

function isJsonOf(kept: KeptJson, { model, version, form, outputs }: InferAnswer): boolean {
  if (kept.form !== form || kept.version !== version || kept.model !== model) return false
  if (kept.outputs.length !== outputs.size) return false
  let index = 0
  for (const [name, { dtype, shape }] of outputs) {
    const face = kept.outputs[index]
    index += 1
    if (face?.name !== name || face.dtype !== dtype || !isSameShape(face.shape, shape)) return false
  }
  return true
}

function isSameShape(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false
  for (let axis = 0; axis < one.length; axis += 1) if (one[axis] !== other[axis]) return false
  return true
}

function withBinary(json: string, outputs: NamedTensors): InferBody {
  let body = json
  for (const { data } of outputs.values()) if (ArrayBuffer.isView(data)) body += latin1Of(data)
  return { body, headerLength: json.length }
}
