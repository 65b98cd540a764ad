export { createPredictHandler, type PredictHttpCall } from './create-predict-handler.ts'
export type { OutputTensor } from './encode-outputs.ts'
export type { PredictContext } from './predict-context.ts'
export {
  createPredictRouter,
  type PredictAnswer,
  type PredictRouter,
  type PredictRouterInputs,
  type PredictRouterOutputs,
} from './predict-router.ts'
export type { FlatTensor, RowInput, TensorInput, TensorValue } from './schemas.ts'
