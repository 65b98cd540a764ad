import {
  DTYPES,
  type DType,
  type NamedTensors,
  type Signature,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from '@understudy/core'
import type { ModelForm } from '../frames/frame.ts'
import { DTYPE_BY_ELEMENT_TYPE, elementTypeName } from '../structure/element-types.ts'
import { type NativeLibrary, type NativeSession, NativeTensor } from './native-library.ts'

const KNOWN_DTYPES: ReadonlySet<string> = new Set(DTYPES)

/** Logging level of a session: fatal only, since errors come back as errors. */
const LOG_FATAL = 4

/** What the model has that the platform does not serve. */
export class UnsupportedModelError extends Error {}

export interface SessionOptions {
  readonly path: string
  readonly form: ModelForm
  readonly intraOpThreads: number
}

export interface HostedModel {
  /** Counted from 1 and never used again, so that a late request cannot meet another model. */
  readonly model: number
  readonly signature: Signature
}

interface Hosted {
  readonly session: NativeSession
  readonly inputNames: readonly string[]
  /** All outputs, each in memory that the library takes. */
  readonly fetches: Readonly<Record<string, null>>
}

/** Holds the sessions of this process. Every call blocks the thread until the native code is done. */
export class SessionHost {
  readonly #library: NativeLibrary
  readonly #hosted = new Map<number, Hosted>()
  #lastModel = 0

  constructor(library: NativeLibrary) {
    this.#library = library
  }

  /** @throws UnsupportedModelError; Error with what the library says */
  load({ path, form, intraOpThreads }: SessionOptions): HostedModel {
    const session = this.#library.createSession()
    session.loadModel(path, {
      executionProviders: ['cpu'],
      intraOpNumThreads: intraOpThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: LOG_FATAL,
      extra: {
        session: {
          // Spinning threads burn a core between runs.
          intra_op: { allow_spinning: '0' },
          // Kernels that reorder weights would copy what is mapped.
          ...(form === 'mapped' ? { disable_prepacking: '1' } : {}),
        },
      },
    })
    try {
      const { inputMetadata, outputMetadata } = session
      const signature = { inputs: inputMetadata.map(specOf), outputs: outputMetadata.map(specOf) }
      this.#lastModel += 1
      this.#hosted.set(this.#lastModel, {
        session,
        inputNames: signature.inputs.map(({ name }) => name),
        fetches: Object.fromEntries(signature.outputs.map(({ name }) => [name, null])),
      })
      return { model: this.#lastModel, signature }
    } catch (error) {
      session.dispose()
      throw error
    }
  }

  /** @throws UnsupportedModelError; Error with what the library says */
  run(model: number, inputs: NamedTensors): NamedTensors {
    const { session, inputNames, fetches } = this.#get(model)
    for (const name of inputNames) if (!inputs.has(name)) throw new Error(`input "${name}" is missing`)
    const feeds: Record<string, NativeTensor> = {}
    for (const [name, tensor] of inputs) feeds[name] = toNative(tensor)
    const results: Record<string, unknown> = session.run(feeds as never, fetches as never, {})
    const outputs = new Map<string, Tensor>()
    for (const name of Object.keys(fetches)) {
      const result = results[name]
      if (result !== undefined) outputs.set(name, fromNative(name, result as NativeTensor))
    }
    return outputs
  }

  unload(model: number): void {
    const { session } = this.#get(model)
    this.#hosted.delete(model)
    session.dispose()
  }

  #get(model: number): Hosted {
    const hosted = this.#hosted.get(model)
    if (!hosted) throw new Error(`model ${model} is not loaded here`)
    return hosted
  }
}

function specOf({
  name,
  isTensor,
  type,
  shape,
  symbolicDimensions,
}: NativeSession['inputMetadata'][number]): TensorSpec {
  if (!isTensor) throw new UnsupportedModelError(`"${name}" is not a tensor; only tensors are served`)
  const dtype = DTYPE_BY_ELEMENT_TYPE[type]
  if (dtype === undefined) {
    throw new UnsupportedModelError(
      `"${name}" is ${elementTypeName(type)}; expected one of ${DTYPES.join(', ')}`,
    )
  }
  return {
    name,
    dtype,
    shape: shape.map((size, index) => (size === -1 ? (symbolicDimensions[index] ?? '') : size)),
  }
}

function toNative({ dtype, shape, data }: Tensor): NativeTensor {
  // The binding would hand on what is before it, and nobody would notice.
  if (dtype === 'string' && (data as readonly string[]).some((text) => text.includes('\0'))) {
    throw new Error('a text holds the character NUL')
  }
  return new NativeTensor(dtype, data, shape)
}

function fromNative(name: string, { type, data, dims }: NativeTensor): Tensor {
  if (!KNOWN_DTYPES.has(type)) throw new UnsupportedModelError(`output "${name}" is ${type}`)
  return { dtype: type as DType, shape: dims, data: data as TensorData }
}
