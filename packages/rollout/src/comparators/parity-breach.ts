import type { Dimension, NamedTensors, Tensor, TensorSpec } from '@understudy/core'

/** What the candidate may never do, whatever the statistics say. */
export interface ParityBreach {
  readonly kind: 'outputMissing' | 'dtype' | 'rank' | 'dimension' | 'notFinite'
  readonly output: string
  /** For people: what the candidate gave and what was expected. */
  readonly detail: string
}

/** What both versions answered to the same inputs. */
export interface AnsweredPair {
  readonly inputs: NamedTensors
  readonly baseline: NamedTensors
  readonly candidate: NamedTensors
}

/**
 * The first breach of parity: an output of the baseline that is missing or has another type, rank or static dimension, or NaN or
 * infinity from finite inputs in an output where the baseline gave none. Symbolic dimensions may differ; more outputs may be given.
 *
 * @param specs outputs of the baseline's signature; an output without one is judged by type, rank and finiteness.
 */
export function findParityBreach(pair: AnsweredPair, specs: readonly TensorSpec[]): ParityBreach | null {
  for (const [name, baseline] of pair.baseline) {
    const candidate = pair.candidate.get(name)
    if (candidate === undefined) {
      return { kind: 'outputMissing', output: name, detail: `output \`${name}\` is missing` }
    }
    const spec = specs.find((one) => one.name === name)
    const breach = findShapeBreach(name, { baseline, candidate }, spec?.shape)
    if (breach) return breach
    if (!holdsFinite(candidate) && holdsFinite(baseline) && [...pair.inputs.values()].every(holdsFinite)) {
      return {
        kind: 'notFinite',
        output: name,
        detail: `output \`${name}\` holds NaN or infinity for finite inputs, the baseline's does not`,
      }
    }
  }
  return null
}

function findShapeBreach(
  output: string,
  { baseline, candidate }: { readonly baseline: Tensor; readonly candidate: Tensor },
  dimensions: readonly Dimension[] = [],
): ParityBreach | null {
  if (candidate.dtype !== baseline.dtype) {
    const detail = `output \`${output}\` is ${candidate.dtype}, expected ${baseline.dtype}`
    return { kind: 'dtype', output, detail }
  }
  if (candidate.shape.length !== baseline.shape.length) {
    const detail = `output \`${output}\` has ${candidate.shape.length} axes, expected ${baseline.shape.length}`
    return { kind: 'rank', output, detail }
  }
  const axis = dimensions.findIndex(
    (size, index) =>
      typeof size === 'number' && candidate.shape[index] !== size && baseline.shape[index] === size,
  )
  if (axis < 0) return null
  const detail = `output \`${output}\` has ${candidate.shape[axis]} elements in axis ${axis}, expected ${dimensions[axis]}`
  return { kind: 'dimension', output, detail }
}

function holdsFinite({ dtype, data }: Tensor): boolean {
  if (dtype === 'float16') {
    const bits = data as Uint16Array
    for (let index = 0; index < bits.length; index++) {
      if (((bits[index] ?? 0) & 0x7c00) === 0x7c00) return false
    }
    return true
  }
  if (dtype !== 'float32' && dtype !== 'float64') return true
  const values = data as Float32Array | Float64Array
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return false
  }
  return true
}
