import { type DType, describeSpec, type Signature, type TensorSpec } from '../tensor/tensor.ts'
import type { ModelConfig, SignatureMapping } from './schema.ts'

const FLOATS: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16'])

interface Named {
  readonly find: (name: string) => TensorSpec | undefined
  /** What there is, for a sentence. */
  readonly names: string
}

function named(specs: readonly TensorSpec[]): Named {
  return {
    find: (name) => specs.find((spec) => spec.name === name),
    names: specs.map((spec) => spec.name).join(', '),
  }
}

function isClassLabel({ dtype }: TensorSpec): boolean {
  return dtype === 'string' || (dtype !== 'bool' && !FLOATS.has(dtype))
}

/** Sizes along one axis contradict each other only where both are fixed. */
function differ(one: TensorSpec | undefined, other: TensorSpec | undefined, axis: number): boolean {
  const [a, b] = [one?.shape[axis], other?.shape[axis]]
  return typeof a === 'number' && typeof b === 'number' && a !== b
}

/** Says what is wrong with the mappings of one `model.yaml` for one signature. */
class MappingCheck {
  readonly #inputs: Named
  readonly #outputs: Named
  readonly #signature: Signature
  readonly #config: ModelConfig
  readonly mistakes: string[] = []

  constructor(signature: Signature, config: ModelConfig) {
    this.#signature = signature
    this.#config = config
    this.#inputs = named(signature.inputs)
    this.#outputs = named(signature.outputs)
  }

  run(): readonly string[] {
    for (const [output, { labels }] of Object.entries(this.#config.outputs)) {
      if (labels !== undefined) this.#checkLabels(output, labels)
    }
    const { quality } = this.#config.rollout.gates
    if (quality !== undefined) this.#output('rollout.gates.quality.output', quality.output)
    for (const [name, mapping] of Object.entries(this.#config.signatures)) {
      this.#checkMapping(`signatures.${name}`, mapping)
    }
    return this.mistakes
  }

  #checkLabels(output: string, labels: readonly string[]): void {
    const at = `outputs.${output}.labels`
    const spec = this.#output(at, output)
    if (spec === undefined) return
    const classes = spec.shape.at(-1)
    if (spec.shape.length < 2) {
      this.#add(at, `output "${output}" is ${describeSpec(spec)}, which has no axis of classes`)
    } else if (typeof classes === 'number' && classes !== labels.length) {
      this.#add(at, `${labels.length} labels for the ${classes} classes of "${output}" ${describeSpec(spec)}`)
    }
  }

  #checkMapping(at: string, mapping: SignatureMapping): void {
    this.#checkFeatures(at, mapping)
    if (mapping.method === 'classify') this.#checkClassify(at, mapping)
    else this.#checkRegress(at, mapping.value)
  }

  #checkFeatures(at: string, { features = {} }: SignatureMapping): void {
    for (const input of Object.keys(features)) {
      if (this.#inputs.find(input) !== undefined) continue
      this.#add(`${at}.features`, `the model has no input "${input}"; it has ${this.#inputs.names}`)
    }
    for (const spec of this.#signature.inputs) {
      const open = spec.shape.slice(1).filter((size) => typeof size !== 'number').length
      const problem =
        spec.shape.length === 0 ? 'has no axis for examples' : 'has more than one open axis beside the first'
      if (spec.shape.length > 0 && open < 2) continue
      this.#add(at, `an example cannot fill input "${spec.name}" ${describeSpec(spec)}, which ${problem}`)
    }
  }

  #checkClassify(at: string, { scores, classes }: Extract<SignatureMapping, { method: 'classify' }>): void {
    const scored = scores === undefined ? undefined : this.#output(`${at}.scores`, scores)
    const labelled = classes === undefined ? undefined : this.#output(`${at}.classes`, classes)
    if (scored !== undefined) this.#checkShape(`${at}.scores`, scored, 'a float [N, classes]', isScores)
    if (labelled !== undefined) {
      this.#checkShape(`${at}.classes`, labelled, 'a string or integer [N, classes]', isClasses)
    }
    if (differ(scored, labelled, 1)) {
      this.#add(at, `scores and classes differ in their number of classes: ${scores}, ${classes}`)
    }
  }

  #checkRegress(at: string, value: string): void {
    const spec = this.#output(`${at}.value`, value)
    if (spec !== undefined) this.#checkShape(`${at}.value`, spec, 'a float [N] or [N, 1]', isValues)
  }

  #checkShape(at: string, spec: TensorSpec, expected: string, fits: (spec: TensorSpec) => boolean): void {
    if (!fits(spec)) this.#add(at, `output "${spec.name}" is ${describeSpec(spec)}, expected ${expected}`)
  }

  #output(at: string, name: string): TensorSpec | undefined {
    const spec = this.#outputs.find(name)
    if (spec === undefined) this.#add(at, `the model has no output "${name}"; it has ${this.#outputs.names}`)
    return spec
  }

  #add(at: string, what: string): void {
    this.mistakes.push(`${at}: ${what}`)
  }
}

function isScores(spec: TensorSpec): boolean {
  return FLOATS.has(spec.dtype) && spec.shape.length === 2
}

function isClasses(spec: TensorSpec): boolean {
  return isClassLabel(spec) && spec.shape.length === 2
}

function isValues({ dtype, shape }: TensorSpec): boolean {
  const width = shape[1] ?? 1
  return (
    FLOATS.has(dtype) &&
    (shape.length === 1 || (shape.length === 2 && !(typeof width === 'number' && width !== 1)))
  )
}

/**
 * What of `signatures` and `labels` in `model.yaml` a model with this signature cannot keep, a sentence each; empty when nothing.
 *
 * A size that the signature leaves open is no mistake: it shows when the model answers.
 */
export function mappingMistakes(signature: Signature, config: ModelConfig): readonly string[] {
  return new MappingCheck(signature, config).run()
}
