import type { ServerDuplexStream } from '@grpc/grpc-js'
import { ServerLiveResponse, ServerReadyResponse } from '@understudy/protocols/generated/grpc_service'
import type { NodeHealth } from '../../http/node-health.ts'
import type { ModelStatistics } from '../../telemetry/model-statistics.ts'
import { encodeMessage } from '../decode-message.ts'
import type { GrpcSurface } from '../grpc-surface.ts'
import { modelInfer } from './model-infer.ts'
import { modelStatistics } from './model-statistics.ts'
import { modelStreamInfer, type StreamInferOptions } from './model-stream-infer.ts'
import {
  modelConfig,
  modelMetadata,
  modelReady,
  refuseLoad,
  repositoryIndex,
  serverMetadata,
} from './server-documents.ts'

export const INFERENCE_SERVICE = 'inference.GRPCInferenceService'

export interface InferenceServiceOptions extends StreamInferOptions {
  readonly health: NodeHealth
  readonly statistics: ModelStatistics
  readonly isDraining: () => boolean
}

/** Adds the Open Inference Protocol, with those of Triton's extensions that are spoken here. */
export function addInferenceService(surface: GrpcSurface, options: InferenceServiceOptions): void {
  const { health, statistics, isDraining } = options
  const path = (method: string) => `/${INFERENCE_SERVICE}/${method}`
  surface.prediction(path('ModelInfer'), modelInfer)
  surface.bidi(path('ModelStreamInfer'), (call: ServerDuplexStream<Buffer, Uint8Array>) =>
    modelStreamInfer(surface.context, call, options),
  )
  // Probes carry no keys, and learn nothing but this.
  surface.open(path('ServerLive'), () => encodeMessage(ServerLiveResponse, { live: health.live() }))
  surface.open(path('ServerReady'), () =>
    encodeMessage(ServerReadyResponse, { ready: health.ready() && !isDraining() }),
  )
  surface.unary(path('ServerMetadata'), serverMetadata)
  surface.unary(path('ModelReady'), modelReady)
  surface.unary(path('ModelMetadata'), modelMetadata)
  surface.unary(path('ModelConfig'), modelConfig)
  surface.unary(path('ModelStatistics'), (message, scope) => modelStatistics(message, scope, statistics))
  surface.unary(path('RepositoryIndex'), repositoryIndex)
  surface.unary(path('RepositoryModelLoad'), refuseLoad)
  surface.unary(path('RepositoryModelUnload'), refuseLoad)
}
