import { isPlatformError, PlatformError } from '@understudy/core'
import {
  OIP_EXTENSIONS,
  OIP_LOAD_REFUSED,
  oipModelConfig,
  oipModelIndex,
  oipModelMetadata,
  selectorOfVersion,
} from '@understudy/protocols'
import {
  ModelConfigRequest,
  ModelConfigResponse,
  ModelMetadataRequest,
  ModelMetadataResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  RepositoryIndexRequest,
  RepositoryIndexResponse,
  ServerMetadataResponse,
} from '@understudy/protocols/generated/grpc_service'
import { DataType } from '@understudy/protocols/generated/model_config'
import type { VersionDescription } from '@understudy/serving'
import { NODE_VERSION } from '../../http/node-version.ts'
import type { CallScope } from '../call-scope.ts'
import { decodeMessage, encodeMessage } from '../decode-message.ts'

interface ModelAsked {
  readonly name: string
  readonly version: string
}

function described(scope: CallScope, { name, version }: ModelAsked): VersionDescription {
  const description = scope.predictor.describe(name, scope.selector(selectorOfVersion(version)))
  scope.servedBy = description.servedBy
  return description
}

export function serverMetadata(): Uint8Array {
  const extensions = [...OIP_EXTENSIONS]
  return encodeMessage(ServerMetadataResponse, { name: 'understudy', version: NODE_VERSION, extensions })
}

/** A model is ready when it could answer now. */
export function modelReady(message: Buffer, scope: CallScope): Uint8Array {
  return encodeMessage(ModelReadyResponse, {
    ready: isReady(decodeMessage(ModelReadyRequest, message), scope),
  })
}

function isReady(asked: ModelAsked, scope: CallScope): boolean {
  try {
    described(scope, asked)
    return true
  } catch (error) {
    if (isPlatformError(error) && error.category === 'UNAVAILABLE') return false
    throw error
  }
}

export function modelMetadata(message: Buffer, scope: CallScope): Uint8Array {
  const asked = decodeMessage(ModelMetadataRequest, message)
  const { servedBy, signature } = described(scope, asked)
  const versions = asked.version === '' ? available(scope, asked.name) : [servedBy.version]
  const { name, platform, inputs, outputs, ...rest } = oipModelMetadata(asked.name, versions, signature)
  return encodeMessage(ModelMetadataResponse, {
    ...{ name, platform, versions: [...rest.versions], properties: new Map() },
    ...{ inputs: inputs.map(tensorMetadata), outputs: outputs.map(tensorMetadata) },
  })
}

function tensorMetadata(tensor: ReturnType<typeof oipModelMetadata>['inputs'][number]) {
  const { name, datatype, shape } = tensor
  return { name, datatype, shape: shape.map(BigInt) }
}

function available({ predictor }: CallScope, model: string): readonly number[] {
  const versions = predictor.versions(model) ?? []
  const numbers = versions.filter(({ state }) => state === 'available').map(({ version }) => version)
  return numbers.sort((a, b) => a - b)
}

export function modelConfig(message: Buffer, scope: CallScope): Uint8Array {
  const asked = decodeMessage(ModelConfigRequest, message)
  const { signature } = described(scope, asked)
  const { name, platform, backend, max_batch_size, input, output } = oipModelConfig(asked.name, signature)
  return encodeMessage(ModelConfigResponse, {
    config: {
      ...{ name, platform, backend, maxBatchSize: max_batch_size },
      ...{ input: input.map(tensorConfig), output: output.map(tensorConfig) },
    },
  })
}

function tensorConfig(tensor: ReturnType<typeof oipModelConfig>['input'][number]) {
  const dataType = DataType[tensor.data_type as keyof typeof DataType]
  return { name: tensor.name, dataType, dims: tensor.dims.map(BigInt) }
}

export function repositoryIndex(message: Buffer, { predictor }: CallScope): Uint8Array {
  const { ready } = decodeMessage(RepositoryIndexRequest, message)
  const models = predictor.models().flatMap((model) => {
    return oipModelIndex(model, predictor.versions(model) ?? [], { readyOnly: ready })
  })
  return encodeMessage(RepositoryIndexResponse, { models: [...models] })
}

/** What is served is decided elsewhere. @throws PlatformError `serving.load_refused` */
export function refuseLoad(): never {
  throw new PlatformError('serving.load_refused', OIP_LOAD_REFUSED)
}
