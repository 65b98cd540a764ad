import {
  isPlatformError,
  type NamedTensors,
  PlatformError,
  type Signature,
  type SignatureMapping,
  type Tensor,
  type TensorSpec,
} from '@understudy/core'
import { malformed, namingInput } from '../element-errors.ts'
import { TENSORFLOW_TYPES } from '../type-names.ts'
import type { Example, ExampleList, Feature } from './example.ts'
import { FEATURE_TYPES, FeatureReader, featureKindOf } from './feature-reader.ts'

/** What a shared feature may grow to when it is repeated for every example. */
const REPEATED_ELEMENTS_MAX = 2 * 1024 * 1024
/** The same for texts, each of which is handled by itself all the way to the model. */
const REPEATED_TEXTS_MAX = 256 * 1024

function checkContext({ examples, context }: ExampleList): void {
  if (context === undefined || context.size === 0) return
  for (const [index, example] of examples.entries()) {
    for (const name of example.keys()) {
      if (!context.has(name)) continue
      throw malformed(`Feature: ${shown(name)} is in the context and again in example ${index}`)
    }
  }
}

/** How many values a row holds, as far as the signature says so. */
class RowShape {
  readonly #spec: TensorSpec
  /** Product of the fixed sizes. */
  readonly #fixed: number
  readonly #open: number

  constructor(spec: TensorSpec) {
    const sizes = spec.shape.slice(1)
    this.#spec = spec
    this.#fixed = sizes.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1)
    this.#open = sizes.filter((size) => typeof size !== 'number').length
  }

  /** The shape of a row with so many values; undefined when there is none. */
  of(values: number): readonly number[] | undefined {
    const sizes = this.#spec.shape.slice(1)
    const isWhole = this.#open === 0 ? values === this.#fixed : values % this.#fixed === 0
    // With a fixed size of 0 or several open ones, the number of values does not tell the shape.
    if (!isWhole || this.#open > 1) return undefined
    return sizes.map((size) => (typeof size === 'number' ? size : values / this.#fixed))
  }

  toString(): string {
    return `[${this.#spec.shape
      .slice(1)
      .map((size) => (typeof size === 'number' ? size : '?'))
      .join(',')}]`
  }
}

/** One input over all examples; the first fixes the shape of the others. */
class InputColumn {
  readonly #name: string
  readonly #kind: Feature['kind']
  readonly #spec: TensorSpec
  readonly #shape: RowShape

  constructor(spec: TensorSpec, mapping: SignatureMapping) {
    const { features = {} } = mapping
    this.#spec = spec
    this.#name = Object.hasOwn(features, spec.name) ? (features[spec.name] ?? spec.name) : spec.name
    this.#kind = featureKindOf(spec.dtype)
    this.#shape = new RowShape(spec)
  }

  read({ examples, context }: ExampleList): Tensor {
    const features = examples.map((example, index) => this.#feature(example, context, index))
    const [first] = features
    if (first === undefined) throw malformed('Input is empty.')
    const size = first.values.length
    const row = this.#rowShape(size)
    for (const [index, feature] of features.entries()) {
      if (feature.values.length !== size) throw this.#wrongSize(feature.values.length, `[${row}]`, index)
    }
    checkGrowth(features, size, this.#kind)
    const reader = new FeatureReader(this.#spec, features.length * size)
    for (const [index, feature] of features.entries()) this.#append(reader, feature, index)
    return reader.finish([features.length, ...row])
  }

  #feature(example: Example, context: Example | undefined, index: number): Feature {
    const feature = example.get(this.#name) ?? context?.get(this.#name)
    if (feature === undefined || feature.values.length === 0) {
      const expected = TENSORFLOW_TYPES[this.#spec.dtype].text
      throw malformed(
        `Name: <unknown>, Feature: ${this.#name} (data type: ${expected}) is required but could not be found. Index: ${index}`,
      )
    }
    if (feature.kind === this.#kind) return feature
    throw this.#wrong(
      index,
      `Data types don't match. Data type: ${FEATURE_TYPES[feature.kind]} but expected type: ${FEATURE_TYPES[this.#kind]}`,
    )
  }

  #rowShape(size: number): readonly number[] {
    if (this.#spec.shape.length === 0) throw malformed('The input has no axis for examples')
    const row = this.#shape.of(size)
    if (row === undefined) throw this.#wrongSize(size, `${this.#shape}`, 0)
    return row
  }

  #append(reader: FeatureReader, feature: Feature, index: number): void {
    try {
      reader.append(feature)
    } catch (error) {
      throw isPlatformError(error) ? this.#wrong(index, error.message) : error
    }
  }

  #wrongSize(size: number, expected: string, index: number): PlatformError {
    const values = `Number of ${FEATURE_TYPES[this.#kind]} values != expected.`
    return this.#wrong(index, `${values}  Values size: ${size} but output shape: ${expected}`)
  }

  #wrong(index: number, what: string): PlatformError {
    return malformed(`Name: <unknown>, Key: ${this.#name}, Index: ${index}.  ${what}`)
  }
}

/** A feature of the context is sent once and held as often as there are examples: that must not be a way to fill the memory. */
function checkGrowth(features: readonly Feature[], size: number, kind: Feature['kind']): void {
  const elementsMax = kind === 'bytes' ? REPEATED_TEXTS_MAX : REPEATED_ELEMENTS_MAX
  let own = 0
  for (let index = 0; index < features.length; index += 1) {
    if (features[index] !== features[index - 1]) own += size
  }
  if (features.length * size <= Math.max(own, elementsMax)) return
  throw new PlatformError(
    'request.too_large',
    `The context makes ${features.length * size} values of one input; ${elementsMax} are allowed.`,
  )
}

function shown(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}...` : name
}

/**
 * The inputs of a model for a list of examples: one row each, in their order.
 *
 * An input is fed by the feature that the mapping names for it, else by the one of its own name; other features are ignored. Float lists
 * feed floats, int64 lists integers and booleans, bytes lists strings (UTF-8). A row has exactly the values of the input's other axes;
 * one axis may be open, and then all examples of a request have the same number.
 * @throws PlatformError `request.malformed`, `request.too_large`
 */
export function examplesToInputs(
  list: ExampleList,
  mapping: SignatureMapping,
  signature: Signature,
): NamedTensors {
  if (list.examples.length === 0) throw malformed('Input is empty.')
  checkContext(list)
  const inputs = new Map<string, Tensor>()
  for (const spec of signature.inputs) {
    try {
      inputs.set(spec.name, new InputColumn(spec, mapping).read(list))
    } catch (error) {
      throw namingInput(error, spec)
    }
  }
  return inputs
}
