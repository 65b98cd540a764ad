import { formatCount, formatVersion, joinWords } from './format.ts'

/** What befell the processes of a version, of one kind. */
export interface IncidentCount {
  readonly kind: 'crash' | 'hang' | 'memory' | 'frame'
  readonly count: number
  /** Of these, how often an input did it again, alone in a process of its own. */
  readonly confirmed: number
  /** Of the newest. */
  readonly message: string
}

const KINDS = {
  crash: 'by a crash',
  hang: 'for a run without end',
  memory: 'for memory',
  frame: 'for an answer that cannot be read',
} as const satisfies Record<IncidentCount['kind'], string>

/**
 * Says in two or three sentences how often the processes of a version ended, why, and what was said last; null when they never did.
 *
 * @param incidents one entry per kind, the newest kind first.
 */
export function describeIncidents(number: number, incidents: readonly IncidentCount[]): string | null {
  const [newest] = incidents
  if (newest === undefined) return null
  const losses = incidents.map(({ kind, count, confirmed }) => ({ kind, count: count - confirmed }))
  const total = losses.reduce((sum, { count }) => sum + count, 0)
  const found = incidents.reduce((sum, { confirmed }) => sum + confirmed, 0)
  const kinds = losses.filter(({ count }) => count > 0)
  const why = joinWords(kinds.map(({ kind, count }) => `${formatCount(count)} ${KINDS[kind]}`))
  return [
    ...(total > 0 ? [`${formatVersion(number)} lost its process ${times(total)}: ${why}.`] : []),
    ...(found > 0
      ? [`An input was found to do it each time, and refused for a while, ${times(found)}.`]
      : []),
    `The newest: ${newest.message}`,
  ].join(' ')
}

function times(count: number): string {
  return count === 1 ? 'once' : `${formatCount(count)} times`
}
