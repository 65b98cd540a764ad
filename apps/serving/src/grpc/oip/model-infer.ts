import type { InferenceResponse, PlatformError } from '@understudy/core'
import {
  checkAnswerForm,
  decodeInferCall,
  encodeInferAnswer,
  type InferCall,
  oipErrorMessage,
} from '@understudy/protocols'
import type { CallScope } from '../call-scope.ts'
import type { WantedPrediction } from '../prediction-run.ts'
import type { PredictionMethod } from '../unary-prediction.ts'

export interface WantedInfer extends WantedPrediction {
  readonly form: InferCall['form']
}

type InferAnswer = Parameters<typeof encodeInferAnswer>[0]

const NOTHING_TO_CLASSIFY = { signature: { inputs: [], outputs: [] }, classLabels: {} }

/** `ModelInfer`: one prediction of the Open Inference Protocol. */
export const modelInfer: PredictionMethod<WantedInfer> = {
  protocol: 'oip-grpc',
  decode: decodeInfer,
  encode: (response, wanted, scope) => encodeInferAnswer(inferAnswer(response, wanted, scope)),
  describe: (error: PlatformError, wanted) => oipErrorMessage(error, wanted),
}

export function decodeInfer(message: Buffer, scope: CallScope): WantedInfer {
  const { model, selector: named, inputs, form, timeoutMs } = decodeInferCall(message)
  const selector = scope.selector(named)
  if (isClassified(form)) {
    checkAnswerForm({ ...form, isBinary: true }, scope.predictor.describe(model, selector).signature)
  }
  const outputs = form.outputs?.map(({ name }) => name)
  return { model, selector, inputs, outputs, timeoutMs, form }
}

export function inferAnswer(
  { outputs, servedBy }: InferenceResponse,
  { form }: WantedInfer,
  { predictor }: CallScope,
): InferAnswer {
  const { model, version } = servedBy
  const { signature, classLabels } = isClassified(form)
    ? predictor.describe(model, { kind: 'number', number: version })
    : NOTHING_TO_CLASSIFY
  return { model, version, outputs, form, signature, classLabels }
}

function isClassified({ outputs }: InferCall['form']): boolean {
  return outputs?.some(({ classCount }) => classCount > 0) ?? false
}
