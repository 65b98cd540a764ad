import type { DType, NamedTensors, Signature, Tensor } from '@understudy/core'
import { checkClassifiable, classify } from './classification.ts'
import { OIP_DATATYPE } from './datatypes.ts'
import { formatDouble } from './format-double.ts'
import type { AnswerForm, RequestedOutput } from './infer-request.ts'
import { malformed } from './oip-error-texts.ts'
import { encodeRawTensor } from './raw-tensor.ts'

export interface InferAnswer {
  readonly model: string
  readonly version: number
  readonly outputs: NamedTensors
  readonly form: AnswerForm
  readonly signature: Signature
  /** Names of classes by output. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>
}

export interface EncodedInfer {
  readonly json: string
  /** What follows the JSON; undefined when no output is binary. Views of the outputs where that is possible. */
  readonly binary: readonly Uint8Array[] | undefined
}

function requested(form: AnswerForm, name: string): RequestedOutput | undefined {
  return form.outputs?.find((output) => output.name === name)
}

function isBinaryOutput(form: AnswerForm, output: RequestedOutput | undefined): boolean {
  return output?.isBinary ?? form.isBinary
}

/**
 * Refuses before the run what could not be written after it.
 *
 * @throws PlatformError `request.malformed`
 */
export function checkAnswerForm(form: AnswerForm, { outputs }: Signature): void {
  for (const { name, dtype } of outputs) {
    const output = requested(form, name)
    if (form.outputs !== undefined && output === undefined) continue
    if (output !== undefined && output.classCount > 0) checkClassifiable(name, dtype)
    else if (dtype === 'float16' && !isBinaryOutput(form, output)) {
      throw malformed(
        'sending FP16 data via JSON is not supported. Please use the binary data format for output',
      )
    }
  }
}

/** Elements that are ranked or become text: what takes the time of writing an answer. */
export function textElements(outputs: NamedTensors, form: AnswerForm): number {
  let elements = 0
  for (const [name, { dtype, data }] of outputs) {
    const output = requested(form, name)
    const isRanked = output !== undefined && output.classCount > 0
    if (isRanked || dtype === 'string' || !isBinaryOutput(form, output)) elements += data.length
  }
  return elements
}

function elementsText(tensor: Tensor): string {
  const dtype: DType = tensor.dtype
  let text = '['
  if (dtype === 'float32' || dtype === 'float64') {
    const data = tensor.data as Float64Array
    for (let at = 0; at < data.length; at += 1) {
      text += at === 0 ? formatDouble(data[at] ?? 0) : `,${formatDouble(data[at] ?? 0)}`
    }
  } else if (dtype === 'bool') {
    const data = tensor.data as Uint8Array
    for (let at = 0; at < data.length; at += 1) text += `${at === 0 ? '' : ','}${data[at] !== 0}`
  } else if (dtype === 'string') return JSON.stringify(tensor.data)
  else text += (tensor.data as Int32Array).join(',')
  return `${text}]`
}

/**
 * Writes the answer of `infer` with the outputs in the order given, each as JSON or binary as its form asks.
 *
 * Floats are written as Triton writes them, so the JSON may hold bare `NaN` and `Infinity`.
 */
export function encodeInferResponse(answer: InferAnswer): EncodedInfer {
  const { model, version, outputs, form } = answer
  const binary: Uint8Array[] = []
  let hasBinary = false
  let text = form.id === '' ? '{' : `{"id":${JSON.stringify(form.id)},`
  text += `"model_name":${JSON.stringify(model)},"model_version":"${version}","outputs":[`
  let isFirst = true
  for (const [name, tensor] of outputs) {
    const output = requested(form, name)
    const shown =
      output === undefined || output.classCount === 0 ? tensor : classified(answer, tensor, output)
    text += `${isFirst ? '' : ','}{"name":${JSON.stringify(name)},"datatype":"${OIP_DATATYPE[shown.dtype]}","shape":[${shown.shape.join(',')}],`
    isFirst = false
    if (isBinaryOutput(form, output)) {
      const bytes = encodeRawTensor(shown)
      hasBinary = true
      binary.push(bytes)
      text += `"parameters":{"binary_data_size":${bytes.length}}}`
    } else text += `"data":${elementsText(shown)}}`
  }
  return { json: `${text}]}`, binary: hasBinary ? binary : undefined }
}

/** The classes of one output that a request asks for, instead of the tensor. */
export function classified(
  { signature, classLabels }: Pick<InferAnswer, 'signature' | 'classLabels'>,
  tensor: Tensor,
  output: RequestedOutput,
): Tensor {
  const spec = signature.outputs.find(({ name }) => name === output.name)
  const labels = Object.hasOwn(classLabels, output.name) ? classLabels[output.name] : undefined
  const isBatched = typeof spec?.shape[0] === 'string'
  return classify(tensor, { classCount: output.classCount, isBatched, labels })
}
