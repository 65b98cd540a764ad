import {
  encodeMultiInferenceAnswer,
  examplesToInputs,
  type MappedTask,
  MultiInferenceCall,
  mappedOutputNames,
  tfsErrorMessage,
} from '@understudy/protocols'
import type { VersionDescription } from '@understudy/serving'
import type { CallScope } from '../call-scope.ts'
import type { WantedPrediction } from '../prediction-run.ts'
import type { PredictionMethod } from '../unary-prediction.ts'
import { describedFor, subjectOf } from './tfs-call.ts'

interface WantedTasks extends WantedPrediction {
  readonly tasks: readonly MappedTask[]
  readonly classLabels: VersionDescription['classLabels']
}

/** `MultiInference`: several tasks over the same examples, answered by one run of one version. */
export const multiInference: PredictionMethod<WantedTasks> = {
  protocol: 'tfs-grpc',
  task: 'multi',
  decode,
  encode: ({ outputs, servedBy }, { model, tasks, classLabels }) =>
    encodeMultiInferenceAnswer({ outputs, classLabels }, tasks, { model, version: servedBy.version }),
  describe: (error, wanted) => tfsErrorMessage(error, wanted),
}

function decode(message: Buffer, scope: CallScope): WantedTasks {
  const call = new MultiInferenceCall(message)
  const subject = subjectOf(scope, call)
  const { signature, signatures, classLabels } = describedFor(scope, subject)
  const tasks = call.mapped(signatures)
  const list = call.readExamples((sizeBytes) => scope.takeRoom(sizeBytes))
  const outputs = [...new Set(tasks.flatMap(({ mapping }) => mappedOutputNames(mapping)))]
  // Every task is fed alike: that was checked.
  const [{ mapping }] = tasks as [MappedTask]
  return { ...subject, inputs: examplesToInputs(list, mapping, signature), outputs, tasks, classLabels }
}
