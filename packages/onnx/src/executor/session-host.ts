import {
  DTYPES,
  type DType,
  type NamedTensors,
  type Signature,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { OnnxRuntime } from './load-runtime.ts'

const KNOWN_DTYPES: ReadonlySet<string> = new Set(DTYPES)

/** Logging level of the library: fatal only, since errors come back as errors. */
const LOG_FATAL = 4

/** What the model has that the platform does not serve. */
export class UnsupportedModelError extends Error {}

/** Holds the one session of this process. Every call blocks the thread until the native code is done. */
export class SessionHost {
  readonly #runtime: OnnxRuntime
  #session: InferenceSession | undefined

  constructor(runtime: OnnxRuntime) {
    this.#runtime = runtime
  }

  async load(path: string, intraOpThreads: number): Promise<Signature> {
    if (this.#session) throw new Error('a model is loaded already')
    const session = await this.#runtime.InferenceSession.create(path, {
      executionProviders: ['cpu'],
      intraOpNumThreads: intraOpThreads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: LOG_FATAL,
      // Spinning threads burn a core between runs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    const signature = {
      inputs: session.inputMetadata.map(specOf),
      outputs: session.outputMetadata.map(specOf),
    }
    this.#session = session
    return signature
  }

  async run(inputs: NamedTensors): Promise<NamedTensors> {
    if (!this.#session) throw new Error('no model is loaded')
    const feeds: Record<string, OrtTensor> = {}
    for (const [name, tensor] of inputs) feeds[name] = this.#toOrt(tensor)
    const results = await this.#session.run(feeds)
    const outputs = new Map<string, Tensor>()
    for (const name of this.#session.outputNames) {
      const result = results[name]
      if (result) outputs.set(name, fromOrt(name, result))
    }
    return outputs
  }

  async unload(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.release()
  }

  #toOrt(tensor: Tensor): OrtTensor {
    const shape = [...tensor.shape]
    if (tensor.dtype === 'string') {
      return new this.#runtime.Tensor('string', [...(tensor.data as readonly string[])], shape)
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
