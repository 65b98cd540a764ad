import type { GrpcSurface } from '../grpc-surface.ts'
import { examplesMethod } from './examples.ts'
import { modelMetadata, modelStatuses, refuseReload, refuseSession } from './model-documents.ts'
import { multiInference } from './multi-inference.ts'
import { predict } from './predict.ts'

export const PREDICTION_SERVICE = 'tensorflow.serving.PredictionService'
export const MODEL_SERVICE = 'tensorflow.serving.ModelService'
const SESSION_SERVICE = 'tensorflow.serving.SessionService'

/** Adds TensorFlow Serving's services. */
export function addTfsServices(surface: GrpcSurface): void {
  surface.prediction(`/${PREDICTION_SERVICE}/Predict`, predict)
  surface.prediction(`/${PREDICTION_SERVICE}/Classify`, examplesMethod('classify'))
  surface.prediction(`/${PREDICTION_SERVICE}/Regress`, examplesMethod('regress'))
  surface.prediction(`/${PREDICTION_SERVICE}/MultiInference`, multiInference)
  surface.unary(`/${PREDICTION_SERVICE}/GetModelMetadata`, modelMetadata)
  surface.unary(`/${MODEL_SERVICE}/GetModelStatus`, modelStatuses)
  surface.unary(`/${MODEL_SERVICE}/HandleReloadConfigRequest`, refuseReload)
  surface.unary(`/${SESSION_SERVICE}/SessionRun`, refuseSession)
}
