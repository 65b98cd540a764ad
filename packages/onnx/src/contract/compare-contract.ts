import { describeSpec, type Signature, type TensorSpec } from '@understudy/core'

type Role = 'input' | 'output'

/**
 * What in a new signature would break the clients of the live one, as sentences; empty when nothing does.
 *
 * Clients go on sending the same inputs and reading the same outputs: an input may become wider, an output may become more definite,
 * and outputs may be added.
 */
export function compareContract(live: Signature, next: Signature): readonly string[] {
  return [
    ...compareSide('input', live.inputs, next.inputs),
    ...compareSide('output', live.outputs, next.outputs),
  ]
}

function compareSide(role: Role, live: readonly TensorSpec[], next: readonly TensorSpec[]): string[] {
  const breaks: string[] = []
  const missing = live.filter((spec) => !next.some((other) => other.name === spec.name))
  const added = next.filter((spec) => !live.some((other) => other.name === spec.name))
  for (const spec of missing) {
    const heir = added.find((other) => compareSpec(role, spec, other) === undefined)
    const hint = heir ? `; perhaps it was renamed to "${heir.name}"` : ''
    breaks.push(`${role} "${spec.name}" (${describeSpec(spec)}) is missing${hint}`)
  }
  if (role === 'input') {
    for (const spec of added)
      breaks.push(`input "${spec.name}" (${describeSpec(spec)}) is new; no client sends it`)
  }
  for (const spec of live) {
    const other = next.find(({ name }) => name === spec.name)
    const difference = other && compareSpec(role, spec, other)
    if (other && difference) {
      breaks.push(
        `${role} "${spec.name}" changes ${difference}: from ${describeSpec(spec)} to ${describeSpec(other)}`,
      )
    }
  }
  return breaks
}

function compareSpec(role: Role, live: TensorSpec, next: TensorSpec): string | undefined {
  if (live.dtype !== next.dtype) return 'its type'
  if (live.shape.length !== next.shape.length) return 'its rank'
  const breaksAt = live.shape.findIndex((size, axis) => {
    const other = next.shape[axis]
    if (typeof other !== 'number') return false
    return typeof size === 'number' ? size !== other : role === 'input'
  })
  return breaksAt < 0 ? undefined : `the size of axis ${breaksAt}`
}
