import { isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import {
  checkPredictSignature,
  effectiveSignature,
  encodePredictAnswer,
  isDefaultSignature,
  PredictCall,
  signatureNotFound,
  type TfsSubject,
  tensorNameMistake,
  tfsErrorMessage,
} from '@understudy/protocols'
import type { CallScope } from '../call-scope.ts'
import type { WantedPrediction } from '../prediction-run.ts'
import type { PredictionMethod } from '../unary-prediction.ts'
import { describedFor } from './tfs-call.ts'

interface WantedPredict extends WantedPrediction {
  readonly call: PredictCall
  readonly scope: CallScope
}

/** `Predict`: one prediction of TensorFlow Serving. */
export const predict: PredictionMethod<WantedPredict> = {
  protocol: 'tfs-grpc',
  decode,
  encode: ({ outputs, servedBy }, { call }) => {
    const signatureName = effectiveSignature(call.signatureName)
    return encodePredictAnswer(outputs, { model: call.model, version: servedBy.version, signatureName })
  },
  describe: (error, wanted) => (wanted === undefined ? error.publicMessage : describe(error, wanted)),
}

function decode(message: Buffer, scope: CallScope): WantedPredict {
  const call = new PredictCall(message)
  const { model, outputs } = call
  const selector = scope.selector(call.selector)
  return { model, selector, inputs: readInputs(call, scope, { model, selector }), outputs, call, scope }
}

/** Of several mistakes the one is told that TensorFlow Serving finds first. */
function readInputs(call: PredictCall, scope: CallScope, subject: TfsSubject): NamedTensors {
  if (!isDefaultSignature(call.signatureName)) checkSignature(call, scope, subject)
  try {
    return call.readTensors((sizeBytes) => scope.takeRoom(sizeBytes))
  } catch (error) {
    const { signature } = describedFor(scope, subject)
    const mistake = tensorNameMistake({ inputs: call.inputNames, outputs: undefined }, signature)
    throw mistake === undefined ? error : new PlatformError('request.malformed', mistake, { cause: error })
  }
}

function checkSignature({ signatureName }: PredictCall, scope: CallScope, subject: TfsSubject): void {
  const { signatures } = describedFor(scope, subject)
  if (!Object.hasOwn(signatures, signatureName)) throw signatureNotFound(signatureName)
  checkPredictSignature(signatureName, signatures)
}

const ABOUT_NAMES: readonly string[] = ['onnx.input_missing', 'onnx.input_unknown', 'onnx.output_unknown']

function describe(error: PlatformError, { call, scope, model, selector }: WantedPredict): string {
  if (!ABOUT_NAMES.includes(error.code)) return tfsErrorMessage(error, { model, selector })
  try {
    const { signature } = scope.predictor.describe(model, selector)
    const { inputNames: inputs, outputs } = call
    return tensorNameMistake({ inputs, outputs }, signature) ?? error.publicMessage
  } catch (lost) {
    if (!isPlatformError(lost)) throw lost
    return error.publicMessage
  }
}
