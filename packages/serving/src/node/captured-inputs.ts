import { type Clock, type NamedTensors, type Signature, sliceAllRows, type Tensor } from '@understudy/core'
import { tensorBytes } from '../mirror/tensor-bytes.ts'

export interface CapturedInputsLimits {
  readonly inputsPerModel: number
  readonly bytesPerModel: number
  readonly bytesPerNode: number
  /** Between two looks at the traffic of one version. */
  readonly intervalMs: number
}

const DEFAULT_LIMITS: CapturedInputsLimits = {
  inputsPerModel: 4,
  bytesPerModel: 256 * 1024,
  bytesPerNode: 64 * 1024 * 1024,
  intervalMs: 1_000,
}

interface Captured {
  readonly inputs: NamedTensors
  readonly sizeBytes: number
}

interface ModelInputs {
  readonly signatureKey: string
  /** Oldest first. */
  captured: readonly Captured[]
}

/** Looks at the inputs of one live version. */
export interface InputProbe {
  /** Costs a comparison of timestamps, but once in a while. Keeps a copy once the model has answered it. */
  see(inputs: NamedTensors, answered: Promise<unknown>): void
}

/**
 * A handful of recent, distinct inputs per model, to warm up the next version where there are no golden samples.
 *
 * In memory only and bounded per model and per node; never written anywhere. One row of a batch is taken: what a client sent, and no more.
 */
export class CapturedInputs {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #limits: CapturedInputsLimits
  readonly #models = new Map<string, ModelInputs>()
  #sizeBytes = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>, limits: Partial<CapturedInputsLimits> = {}) {
    this.#clock = clock
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  probe(model: string, source: { readonly signature: Signature; readonly batchable: boolean }): InputProbe {
    let dueAtMs = Number.NEGATIVE_INFINITY
    return {
      see: (inputs, answered) => {
        const nowMs = this.#clock.monotonicMs()
        if (nowMs < dueAtMs) return
        dueAtMs = nowMs + this.#limits.intervalMs
        const sample = this.#copyOf(inputs, source.batchable)
        if (sample === undefined) return
        // What the model failed warms nothing up.
        answered.then(
          () => this.#keep(model, source.signature, sample),
          () => undefined,
        )
      },
    }
  }

  /** What was captured of a model, newest first, if it fits inputs of this signature. */
  of(model: string, signature: Signature): readonly NamedTensors[] {
    const known = this.#models.get(model)
    if (known === undefined || known.signatureKey !== keyOf(signature)) return []
    return known.captured.map(({ inputs }) => inputs).reverse()
  }

  /** The model has left the plan. */
  forget(model: string): void {
    for (const { sizeBytes } of this.#models.get(model)?.captured ?? []) this.#sizeBytes -= sizeBytes
    this.#models.delete(model)
  }

  /** One request's worth of a batch; the original is a view of what came over the wire. */
  #copyOf(batch: NamedTensors, batchable: boolean): Captured | undefined {
    const rows = [...batch.values()][0]?.shape[0] ?? 0
    const inputs = batchable && rows > 1 ? sliceAllRows(batch, 0, 1) : batch
    const sizeBytes = tensorBytes(inputs)
    if (sizeBytes > this.#limits.bytesPerModel) return undefined
    return { inputs: new Map([...inputs].map(([name, tensor]) => [name, copied(tensor)])), sizeBytes }
  }

  #keep(model: string, signature: Signature, { inputs, sizeBytes }: Captured): void {
    const { inputsPerModel, bytesPerModel, bytesPerNode } = this.#limits
    const signatureKey = keyOf(signature)
    if (this.#models.get(model)?.signatureKey !== signatureKey) this.forget(model)
    let captured = this.#models.get(model)?.captured ?? []
    if (captured.some((other) => sameInputs(other.inputs, inputs))) return
    let ofModel = captured.reduce((sum, one) => sum + one.sizeBytes, 0)
    while (captured.length >= inputsPerModel || ofModel + sizeBytes > bytesPerModel) {
      const [oldest, ...others] = captured
      ofModel -= oldest?.sizeBytes ?? 0
      this.#sizeBytes -= oldest?.sizeBytes ?? 0
      captured = others
    }
    if (this.#sizeBytes + sizeBytes <= bytesPerNode) {
      captured = [...captured, { inputs, sizeBytes }]
      this.#sizeBytes += sizeBytes
    }
    this.#models.set(model, { signatureKey, captured })
  }
}

function keyOf(signature: Signature): string {
  return JSON.stringify(signature.inputs)
}

function copied(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() } as Tensor
}

function sameInputs(a: NamedTensors, b: NamedTensors): boolean {
  if (a.size !== b.size) return false
  for (const [name, tensor] of a) {
    const other = b.get(name)
    if (other === undefined || !sameTensor(tensor, other)) return false
  }
  return true
}

function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || a.data.length !== b.data.length || a.shape.length !== b.shape.length)
    return false
  for (let axis = 0; axis < a.shape.length; axis += 1) if (a.shape[axis] !== b.shape[axis]) return false
  for (let index = 0; index < a.data.length; index += 1) if (a.data[index] !== b.data[index]) return false
  return true
}
