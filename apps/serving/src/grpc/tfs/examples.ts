import { PlatformError, type SignatureMapping } from '@understudy/core'
import {
  ExamplesCall,
  effectiveSignature,
  encodeExamplesAnswer,
  examplesToInputs,
  isDefaultSignature,
  mappedOutputNames,
  mappingFor,
  shownName,
  tfsErrorMessage,
} from '@understudy/protocols'
import type { VersionDescription } from '@understudy/serving'
import type { CallScope } from '../call-scope.ts'
import type { WantedPrediction } from '../prediction-run.ts'
import type { PredictionMethod } from '../unary-prediction.ts'
import { describedFor, subjectOf } from './tfs-call.ts'

interface WantedExamples extends WantedPrediction {
  readonly mapping: SignatureMapping
  readonly signatureName: string
  readonly classLabels: VersionDescription['classLabels']
}

type Task = SignatureMapping['method']

/** `Classify` and `Regress`: the model is asked as for `Predict`, and its outputs become classes or values. */
export function examplesMethod(task: Task): PredictionMethod<WantedExamples> {
  return {
    protocol: 'tfs-grpc',
    task,
    decode: (message, scope) => decode(task, message, scope),
    encode: ({ outputs, servedBy }, { model, mapping, signatureName, classLabels }) => {
      const { version } = servedBy
      return encodeExamplesAnswer({ outputs, classLabels }, mapping, { model, version, signatureName })
    },
    describe: (error, wanted) => tfsErrorMessage(error, wanted),
  }
}

function decode(task: Task, message: Buffer, scope: CallScope): WantedExamples {
  const call = new ExamplesCall(message)
  const subject = subjectOf(scope, call)
  const { signature, signatures, classLabels } = describedFor(scope, subject)
  const { signatureName } = call
  if (!isDefaultSignature(signatureName) && !Object.hasOwn(signatures, signatureName)) {
    throw new PlatformError(
      'request.malformed',
      `No signature was found with the name: ${shownName(signatureName)}`,
    )
  }
  const mapping = mappingFor(task, signatureName, signatures)
  const list = call.readExamples((sizeBytes) => scope.takeRoom(sizeBytes))
  return {
    ...subject,
    inputs: examplesToInputs(list, mapping, signature),
    outputs: mappedOutputNames(mapping),
    signatureName: effectiveSignature(signatureName),
    ...{ mapping, classLabels },
  }
}
