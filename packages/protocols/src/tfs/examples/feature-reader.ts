import { allocateData, type DType, type Tensor, type TensorSpec } from '@understudy/core'
import { encodeFloat16 } from '../../json/float16.ts'
import { malformed } from '../element-errors.ts'
import type { Feature } from './example.ts'

/** The only element types of features, by TensorFlow's names. */
export const FEATURE_TYPES = { float: 'float', int64: 'int64', bytes: 'string' } as const

const KINDS = {
  float32: 'float',
  float64: 'float',
  float16: 'float',
  int8: 'int64',
  int16: 'int64',
  int32: 'int64',
  int64: 'int64',
  uint8: 'int64',
  uint16: 'int64',
  uint32: 'int64',
  uint64: 'int64',
  bool: 'int64',
  string: 'bytes',
} as const satisfies Record<DType, Feature['kind']>

/** The kind of feature that an input of a type takes. */
export function featureKindOf(dtype: DType): Feature['kind'] {
  return KINDS[dtype]
}

const RANGES: Readonly<Partial<Record<DType, readonly [bigint, bigint]>>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 63n - 1n],
  bool: [0n, 1n],
}

/** Fills the store of one input with the values of its feature, example after example. */
export class FeatureReader {
  readonly #spec: TensorSpec
  readonly #data: Tensor['data']
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at = 0
  #last: Feature | undefined

  constructor(spec: TensorSpec, elements: number) {
    this.#spec = spec
    this.#data = allocateData(spec.dtype, elements)
  }

  /** Appends all values; those of a feature that comes again are copied, not read. @throws PlatformError `request.malformed` when the input's type cannot hold one */
  append(feature: Feature): void {
    if (feature === this.#last) this.#repeat(feature.values.length)
    else if (feature.kind === 'float' && this.#spec.dtype !== 'float16') {
      const data = this.#data as Float64Array
      data.set(feature.values, this.#at)
    } else this.#appendEach(feature)
    this.#at += feature.values.length
    this.#last = feature
  }

  finish(shape: readonly number[]): Tensor {
    return { dtype: this.#spec.dtype, shape, data: this.#data }
  }

  #repeat(length: number): void {
    const data = this.#data
    const from = this.#at - length
    if (ArrayBuffer.isView(data)) {
      data.copyWithin(this.#at, from, this.#at)
      return
    }
    const texts = data as string[]
    for (let index = 0; index < length; index += 1) texts[this.#at + index] = texts[from + index] ?? ''
  }

  #appendEach(feature: Feature): void {
    // Each type has its own store and its own kind of feature: what is put fits the store.
    const data = this.#data as (number | bigint | string)[]
    for (let index = 0; index < feature.values.length; index += 1) {
      data[this.#at + index] =
        feature.kind === 'float' ? encodeFloat16(feature.values[index] ?? 0) : this.#exact(feature, index)
    }
  }

  #exact(feature: Exclude<Feature, { kind: 'float' }>, index: number): number | bigint | string {
    if (feature.kind === 'bytes') return this.#text(feature.values[index] ?? '')
    const value = feature.values[index] ?? 0n
    const { dtype } = this.#spec
    const range = RANGES[dtype]
    if (range !== undefined && (value < range[0] || value > range[1])) {
      throw malformed(`Value ${value} does not fit into ${dtype}`)
    }
    return dtype === 'int64' || dtype === 'uint64' ? value : Number(value)
  }

  #text(value: Uint8Array | string): string {
    if (typeof value === 'string') return value
    try {
      return this.#decoder.decode(value)
    } catch {
      throw malformed('A value is not UTF-8; string inputs hold text')
    }
  }
}
