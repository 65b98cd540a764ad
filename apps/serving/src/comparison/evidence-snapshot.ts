import type { CounterRow, EvidenceFlush } from '@understudy/db/node'
import { LOST_PROPERTY, type PropertyCounters } from '@understudy/rollout'

/** What this process has counted for one series, source and step since it began: absolute values, for the store to upsert. */
export type EvidenceSnapshot = Required<EvidenceFlush>

/** Gates whose rows name only edges on which a pair ever disagreed. */
const EDGE_GATES: readonly string[] = ['latency', 'calibration']

/** The counters of two ledgers of the same series, source and step, of which one began where the other had ended. */
export function addCounterRows(
  before: readonly CounterRow[],
  now: readonly Omit<PropertyCounters, 'source' | 'step'>[],
): readonly CounterRow[] {
  if (before.length === 0) return now.map(rowOf)
  const sums = new Map(before.map((row) => [keyOf(row), rowOf(row)]))
  for (const row of now) {
    const sum = sums.get(keyOf(row))
    sums.set(keyOf(row), sum === undefined ? withAgreement(rowOf(row), before) : addRows(sum, row))
  }
  const named = new Set(now.map(keyOf))
  return [...sums].map(([key, row]) => (named.has(key) ? row : withAgreement(row, now)))
}

/** An edge that the other ledger does not name had all of its pairs without discordance. */
function withAgreement(row: CounterRow, other: readonly Omit<CounterRow, 'segment'>[]): CounterRow {
  if (!EDGE_GATES.includes(row.gate)) return row
  const pairs = other.find(({ gate, property }) => gate === row.gate && property === LOST_PROPERTY)
  return pairs === undefined ? row : { ...row, nZero: row.nZero + pairs.nZero }
}

function addRows(one: CounterRow, other: Pick<CounterRow, 'nPlus' | 'nZero' | 'nMinus'>): CounterRow {
  return {
    ...one,
    nPlus: one.nPlus + other.nPlus,
    nZero: one.nZero + other.nZero,
    nMinus: one.nMinus + other.nMinus,
  }
}

function rowOf({ gate, property, segment, nPlus, nZero, nMinus }: CounterRow): CounterRow {
  return { gate, property, segment: segment ?? '', nPlus, nZero, nMinus }
}

function keyOf({ gate, property, segment }: Pick<CounterRow, 'gate' | 'property' | 'segment'>): string {
  return `${gate}\n${property}\n${segment ?? ''}`
}
