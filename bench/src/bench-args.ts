import { parseArgs } from 'node:util'
import { TARGETS } from './report/target.ts'

export interface BenchArgs {
  /** Ids to measure; all when empty. */
  readonly only: readonly string[]
  readonly rounds: number
  /** Checkout whose build is measured; undefined for this one. */
  readonly project: string | undefined
  /** Folder for CPU profiles of the fronts; undefined for none. */
  readonly profile: string | undefined
}

const ROUNDS_DEFAULT = 5
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
  const only = (values.only ?? '').split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]))
  const unknown = only.find((id) => !TARGETS.some((target) => target.id === id))
  if (unknown !== undefined) {
    throw new Error(`There is no figure "${unknown}"; there are ${TARGETS.map((one) => one.id).join(', ')}.`)
  }
  const rounds = Number(values.rounds ?? ROUNDS_DEFAULT)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    throw new Error(`--rounds is "${values.rounds}"; expected a number from 1 to ${ROUNDS_MAX}.`)
  }
  return { only, rounds, project: values.project, profile: values.profile }
}
