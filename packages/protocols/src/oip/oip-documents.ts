import type { ServableState, Signature, TensorSpec } from '@understudy/core'
import { OIP_DATATYPE } from './datatypes.ts'

/** Extensions of the protocol that are spoken here, by Triton's names. Of gRPC and REST alike. */
export const OIP_EXTENSIONS: readonly string[] = [
  ...[
    'classification',
    'model_repository',
    'model_configuration',
    'binary_tensor_data',
    'parameters',
    'statistics',
  ],
]

/** Triton's name of the platform of ONNX models. */
export const OIP_PLATFORM = 'onnxruntime_onnx'

/** Why nobody may load or unload over the protocol. It begins with what Triton says when it polls its repository. */
export const OIP_LOAD_REFUSED =
  'explicit model load / unload is not allowed if polling is enabled: the Git repository decides what is served here'

export interface OipTensorMetadata {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
}

export interface OipModelMetadata {
  readonly name: string
  readonly versions: readonly string[]
  readonly platform: string
  readonly inputs: readonly OipTensorMetadata[]
  readonly outputs: readonly OipTensorMetadata[]
}

function sizesOf({ shape }: TensorSpec): readonly number[] {
  return shape.map((size) => (typeof size === 'number' ? size : -1))
}

function tensors(specs: readonly TensorSpec[]): readonly OipTensorMetadata[] {
  return specs.map((spec) => ({
    name: spec.name,
    datatype: OIP_DATATYPE[spec.dtype],
    shape: sizesOf(spec),
  }))
}

/** Metadata of one model; sizes that are not fixed are -1. */
export function oipModelMetadata(
  name: string,
  versions: readonly number[],
  { inputs, outputs }: Signature,
): OipModelMetadata {
  return {
    name,
    versions: versions.map(String),
    platform: OIP_PLATFORM,
    inputs: tensors(inputs),
    outputs: tensors(outputs),
  }
}

function configTensors(specs: readonly TensorSpec[]) {
  return specs.map((spec) => ({
    name: spec.name,
    data_type: spec.dtype === 'string' ? 'TYPE_STRING' : `TYPE_${OIP_DATATYPE[spec.dtype]}`,
    dims: sizesOf(spec),
  }))
}

/** The part of Triton's model configuration that clients read. The batch axis is one of the dims, so `max_batch_size` is 0. */
export function oipModelConfig(name: string, { inputs, outputs }: Signature) {
  return {
    ...{ name, platform: OIP_PLATFORM, backend: 'onnxruntime', max_batch_size: 0 },
    ...{ input: configTensors(inputs), output: configTensors(outputs) },
  }
}

/** What the index of the repository needs of one version; fits the data plane's `VersionStatus`. */
export interface OipVersionStatus {
  readonly version: number
  readonly state: ServableState
  readonly error?: { readonly publicMessage: string } | undefined
}

const INDEX_STATES = {
  start: 'LOADING',
  loading: 'LOADING',
  warming: 'LOADING',
  available: 'READY',
  unloading: 'UNLOADING',
  end: 'UNAVAILABLE',
  error: 'UNAVAILABLE',
} as const satisfies Record<ServableState, string>

export interface OipModelIndex {
  readonly name: string
  readonly version: string
  readonly state: string
  readonly reason: string
}

/** Entries of the repository's index for one model, oldest version first. */
export function oipModelIndex(
  name: string,
  versions: readonly OipVersionStatus[],
  { readyOnly }: { readonly readyOnly: boolean },
): readonly OipModelIndex[] {
  return [...versions]
    .sort((a, b) => a.version - b.version)
    .map(({ version, state, error }) => ({
      ...{ name, version: String(version), state: INDEX_STATES[state], reason: error?.publicMessage ?? '' },
    }))
    .filter(({ state }) => !readyOnly || state === 'READY')
}
