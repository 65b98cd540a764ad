import { parseArgs } from 'node:util'
import { TARGETS } from './report/target.ts'

export interface BenchArgs {
  /** Ids of the figures to measure, in the order of the targets. */
  readonly ids: readonly string[]
  readonly rounds: number
  /** Checkout whose build is measured; undefined for this one. */
  readonly project: string | undefined
  /** Folder for CPU profiles of the fronts; undefined for none. */
  readonly profile: string | undefined
}

export const ROUNDS_DEFAULT = 5
const ROUNDS_MAX = 1_000

/** @throws Error in one sentence for what cannot be understood */
export function parseBenchArgs(args: readonly string[]): BenchArgs {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      project: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const ids = wantedIds(values.only ?? '')
  const rounds = Number(values.rounds ?? ROUNDS_DEFAULT)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw new Error(`--rounds is "${values.rounds}"; expected a number from 1 to ${ROUNDS_MAX}.`)
  }
  return { ids, rounds, project: values.project, profile: values.profile }
}

/** A number means all of its figures: `13` is 13 and 13b, and `13b` that one alone. Nothing means everything. */
function wantedIds(only: string): readonly string[] {
  const asked = only.split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]))
  const all = TARGETS.map(({ id }) => id)
  const matches = (wanted: string, id: string) => id === wanted || id.replace(/[a-z]$/, '') === wanted
  const unknown = asked.find((wanted) => !all.some((id) => matches(wanted, id)))
  if (unknown !== undefined) {
    throw new Error(`There is no figure "${unknown}"; there are ${all.join(', ')}.`)
  }
  return asked.length === 0 ? all : all.filter((id) => asked.some((wanted) => matches(wanted, id)))
}
