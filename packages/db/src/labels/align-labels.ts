import { planServing } from '@understudy/core'
import { areSameLabels, formatVersion, joinWords, type UserLabels } from '@understudy/rollout'
import type { AuditEntry } from '../audit/audit.ts'
import type { Tx } from '../database.ts'
import { lockPlan, setAspired, setUserLabels } from '../plan/plan-store.ts'
import { type ModelRecord, openRollout } from '../record/model-record.ts'
import { userLabelsOf } from './user-labels.ts'

/** What one look did about the labels of the user's own. */
export interface LabelStep {
  /** Null: nothing was to be done. */
  readonly did: 'labelsMoved' | 'labelledLoading' | null
  /** Last in the transaction. */
  readonly entry: AuditEntry | null
  /** A label waits for a version, or for nodes. */
  readonly waits: boolean
}

/**
 * Brings the labels of the user's own where the environment file wants them, as far as they may go now, or has nodes load what they wait
 * for. It needs no rollout and touches no other label.
 *
 * REQUIRES: the plan's lock, and a record read under it.
 */
export async function alignLabels(tx: Tx, record: ModelRecord): Promise<LabelStep> {
  const { live, previous } = record
  const { labels, loaded, notes } = userLabelsOf(record)
  const waits = notes.some((note) => !note.refused)
  const candidate = openRollout(record)?.number ?? null
  const aspired = planServing({ live, previous, candidate, labelled: loaded })
  if (!areSameLabels(labels, record.labels)) {
    const generation = await setUserLabels(tx, await lockPlan(tx, record.name), { labels, aspired })
    return { did: 'labelsMoved', entry: entryOf(record, labels, generation), waits }
  }
  const isLoaded = aspired.join() === record.aspired.join()
  if (isLoaded || !(await setAspired(tx, record.name, aspired))) return { did: null, entry: null, waits }
  return { did: 'labelledLoading', entry: null, waits }
}

function entryOf(record: ModelRecord, labels: UserLabels, generation: number): AuditEntry {
  const names = [...new Set([...Object.keys(record.labels), ...Object.keys(labels)])].sort()
  const moves = names.flatMap((label) => moveOf(label, record.labels[label], labels[label]) ?? [])
  return {
    actor: 'controller',
    action: 'labelsMoved',
    model: record.name,
    sentence: `labels of ${record.name}: ${joinWords(moves)}`,
    details: { from: record.labels, to: labels, generation, commit: record.pointer?.commit ?? null },
  }
}

function moveOf(label: string, from: number | undefined, to: number | undefined): string | null {
  if (from === to) return null
  if (to === undefined) return `${label} is taken off ${formatVersion(from ?? 0)}`
  const before = from === undefined ? '' : ` instead of ${formatVersion(from)}`
  return `${label} points to ${formatVersion(to)}${before}`
}
