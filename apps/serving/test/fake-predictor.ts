import {
  type InferenceRequest,
  type InferenceResponse,
  type NamedTensors,
  PlatformError,
  type ServedBy,
  type Signature,
  type Tensor,
  type VersionSelector,
} from '@understudy/core'
import {
  modelNotFound,
  type Predictor,
  type VersionDescription,
  type VersionStatus,
} from '@understudy/serving'

const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N'] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N'] }],
}
const WIDE: Signature = {
  inputs: [
    { name: 'id', dtype: 'int64', shape: ['N'] },
    { name: 'tag', dtype: 'string', shape: ['N'] },
  ],
  outputs: [
    { name: 'id', dtype: 'int64', shape: ['N'] },
    { name: 'tag', dtype: 'string', shape: ['N'] },
    { name: 'score', dtype: 'float32', shape: ['N'] },
  ],
}

const FLOWERS: Signature = {
  inputs: [
    { name: 'sizes', dtype: 'float32', shape: ['N', 2] },
    { name: 'petals', dtype: 'int32', shape: ['N'] },
  ],
  outputs: [{ name: 'p', dtype: 'float32', shape: ['N', 2] }],
}
const SIGNATURES: Readonly<Record<string, Signature>> = { half: SIGNATURE, echo: WIDE, flowers: FLOWERS }
const MAPPED: Readonly<Record<string, Pick<VersionDescription, 'signatures' | 'classLabels'>>> = {
  half: { signatures: { halved: { method: 'regress', value: 'y' } }, classLabels: {} },
  flowers: {
    signatures: { kind: { method: 'classify', scores: 'p', features: { sizes: 'cm' } } },
    classLabels: { p: ['rose', 'daisy'] },
  },
}

/**
 * A data plane that computes in JavaScript: `half` answers x / 2 + 2, `echo` its inputs and NaN, `flowers` the shares of two sizes.
 * Version 2 is live, 1 is loaded, 3 is loading. Requests wait while it is held.
 */
export class FakePredictor implements Predictor {
  /** Further models; each answers with fixed outputs. */
  readonly added = new Map<string, { readonly signature: Signature; readonly outputs: NamedTensors }>()
  readonly requests: InferenceRequest[] = []
  readonly aborted: string[] = []
  failure: unknown
  ageMs: number | undefined
  live = 2
  #held: (() => void)[] | undefined

  hold(): void {
    this.#held = []
  }

  release(): void {
    const waiting = this.#held ?? []
    this.#held = undefined
    for (const go of waiting) go()
  }

  get waiting(): number {
    return this.#held?.length ?? 0
  }

  async predict(request: InferenceRequest): Promise<InferenceResponse> {
    this.requests.push(request)
    request.signal?.addEventListener('abort', () => this.aborted.push(request.requestId))
    if (this.#held) await new Promise<void>((resolve) => this.#held?.push(resolve))
    if (this.failure !== undefined) throw this.failure
    const { servedBy } = this.describe(request.model, request.selector)
    const outputs = this.added.get(request.model)?.outputs ?? compute(request)
    return { requestId: request.requestId, outputs, servedBy }
  }

  describe(model: string, selector: VersionSelector): VersionDescription {
    const signature = this.added.get(model)?.signature ?? SIGNATURES[model]
    if (signature === undefined) {
      throw modelNotFound(model)
    }
    if (selector.kind === 'label' && selector.label !== 'live') {
      throw new PlatformError('serving.label_not_found', `No label ${selector.label} of ${model}.`)
    }
    const number = selector.kind === 'number' ? selector.number : this.live
    if (number === 3) throw new PlatformError('serving.version_not_available', `${model}@3 is loading.`)
    if (number !== 1 && number !== 2) {
      throw new PlatformError('serving.version_not_found', `${model}@${number} is not loaded.`)
    }
    const variant = selector.kind === 'number' ? 'pinned' : 'live'
    const servedBy: ServedBy = {
      model,
      version: number,
      digest: `d${number}`,
      commit: `c${number}`,
      variant,
      generation: 7,
    }
    return { servedBy, signature, ...(MAPPED[model] ?? { signatures: {}, classLabels: {} }) }
  }

  versions(model: string): readonly VersionStatus[] | undefined {
    if (model !== 'half') return undefined
    return [
      { version: 3, state: 'loading' },
      { version: 2, state: 'available' },
      { version: 1, state: 'available' },
    ]
  }

  models(): readonly string[] {
    return ['echo', 'half']
  }

  planAgeMs(): number | undefined {
    return this.ageMs
  }
}

function compute({ model, inputs }: InferenceRequest): ReadonlyMap<string, Tensor> {
  if (model === 'half') {
    const x = inputs.get('x')
    const values = Float32Array.from(x?.data as Float32Array, (value) => value / 2 + 2)
    return new Map([['y', { dtype: 'float32', shape: x?.shape ?? [], data: values }]])
  }
  if (model === 'flowers') {
    const sizes = inputs.get('sizes')
    const data = sizes?.data as Float32Array
    const shares = data.map(
      (size, at) => size / ((data[at - (at % 2)] ?? 0) + (data[at - (at % 2) + 1] ?? 0)),
    )
    return new Map([['p', { dtype: 'float32', shape: sizes?.shape ?? [], data: shares }]])
  }
  const rows = inputs.get('id')?.shape[0] ?? 0
  const score: Tensor = { dtype: 'float32', shape: [rows], data: new Float32Array(rows).fill(Number.NaN) }
  return new Map([...inputs, ['score', score]])
}
