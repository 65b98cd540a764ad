export { BATCH_SIZE_MAX, createPredictHandler, type PredictHttpCall } from './create-predict-handler.ts'
export {
  type CallCount,
  decodePredictCalls,
  type PredictCall,
  scanPredictCalls,
} from './decode-predict-calls.ts'
export { ANSWER_BEGIN, answerEnd, encodeOutputsText } from './encode-answer.ts'
export { type EncodedError, encodePredictError, encodePredictRefusal, PREDICT_PATH } from './encode-error.ts'
export type { OutputTensor } from './encode-outputs.ts'
export type { OutcomeAnswer } from './outcomes-router.ts'
export { OUTCOMES_MAX, type OutcomeInput, type OutcomesBody, readOutcomesBody } from './outcomes-schemas.ts'
export { callIdOf, type PredictContext } from './predict-context.ts'
export {
  createPredictRouter,
  type PredictAnswer,
  type PredictRouter,
  type PredictRouterInputs,
  type PredictRouterOutputs,
} from './predict-router.ts'
export type { FlatTensor, RowInput, TensorInput, TensorValue } from './schemas.ts'
export { selectorOf } from './selector-of.ts'
