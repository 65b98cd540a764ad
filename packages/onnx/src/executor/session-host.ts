import {
  DTYPES,
  type DType,
  type NamedTensors,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { ModelForm } from '../frames/frame.ts'
import type { OnnxRuntime } from './load-runtime.ts'

const KNOWN_DTYPES: ReadonlySet<string> = new Set(DTYPES)

/** Logging level of the library: fatal only, since errors come back as errors. */
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

/** Holds the sessions of this process. Every call blocks the thread until the native code is done. */
export class SessionHost {
  readonly #runtime: OnnxRuntime
  readonly #sessions = new Map<number, InferenceSession>()
  #lastModel = 0

  constructor(runtime: OnnxRuntime) {
    this.#runtime = runtime
  }

  async load({ path, form, intraOpThreads }: SessionOptions): Promise<HostedModel> {
    const session = await this.#runtime.InferenceSession.create(path, {
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
      const signature = {
        inputs: session.inputMetadata.map(specOf),
        outputs: session.outputMetadata.map(specOf),
      }
      this.#lastModel += 1
      this.#sessions.set(this.#lastModel, session)
      return { model: this.#lastModel, signature }
    } catch (error) {
      await session.release()
      throw error
    }
  }

  async run(model: number, inputs: NamedTensors): Promise<NamedTensors> {
    const session = this.#session(model)
    const feeds: Record<string, OrtTensor> = {}
    for (const [name, tensor] of inputs) feeds[name] = this.#toOrt(tensor)
    const results = await session.run(feeds)
    const outputs = new Map<string, Tensor>()
    for (const name of session.outputNames) {
      const result = results[name]
      if (result) outputs.set(name, fromOrt(name, result))
    }
    return outputs
  }

  async unload(model: number): Promise<void> {
    const session = this.#session(model)
    this.#sessions.delete(model)
    await session.release()
  }

  #session(model: number): InferenceSession {
    const session = this.#sessions.get(model)
    if (!session) throw new Error(`model ${model} is not loaded here`)
    return session
  }

  #toOrt(tensor: Tensor): OrtTensor {
    const shape = [...tensor.shape]
    if (tensor.dtype === 'string') {
      const texts = [...(tensor.data as readonly string[])]
      // The binding would hand on what is before it, and nobody would notice.
      if (texts.some((text) => text.includes('\0'))) throw new Error('a text holds the character NUL')
      return new this.#runtime.Tensor('string', texts, shape)
    }
    return new this.#runtime.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, shape)
  }
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  const { name } = metadata
  if (!metadata.isTensor)
    throw new UnsupportedModelError(`"${name}" is not a tensor; only tensors are served`)
  if (!KNOWN_DTYPES.has(metadata.type)) {
    throw new UnsupportedModelError(`"${name}" is ${metadata.type}; expected one of ${DTYPES.join(', ')}`)
  }
  return { name, dtype: metadata.type as DType, shape: metadata.shape }
}

function fromOrt(name: string, tensor: OrtTensor): Tensor {
  if (!KNOWN_DTYPES.has(tensor.type)) throw new UnsupportedModelError(`output "${name}" is ${tensor.type}`)
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as Tensor['data'] }
}
