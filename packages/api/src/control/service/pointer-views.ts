import { type ModelRecord, userLabelsOf } from '@understudy/db'
import type { LabelView, PointerView } from '../../views/index.ts'

/** What the environment file asks to be live; null where it leaves that to the trigger. */
export function pointerView({ pointer }: ModelRecord): PointerView | null {
  if (pointer === null || pointer.live === null) return null
  const { live, file, changedAt, settled } = pointer
  return { number: live, file, since: changedAt.toISOString(), settled }
}

/** The labels of the user's own, as they point and as they are wanted, by name. */
export function labelViews(record: ModelRecord): readonly LabelView[] {
  const wanted = record.pointer?.labels ?? {}
  const { notes } = userLabelsOf(record)
  const names = [...new Set([...Object.keys(record.labels), ...Object.keys(wanted)])].sort()
  return names.map((label) => ({
    label,
    number: record.labels[label] ?? null,
    wanted: wanted[label] ?? null,
    waits: notes.find((note) => note.label === label)?.detail ?? null,
  }))
}

/** Labels that the environment file wants where they may not point: one problem of that file, or none. */
export function labelProblems(record: ModelRecord) {
  const refused = userLabelsOf(record).notes.filter((note) => note.refused)
  if (record.pointer === null || refused.length === 0) return []
  const { file } = record.pointer
  const sentences = refused.map(
    ({ label, detail }) => `The label ${label} of ${record.name} is not moved: ${detail}.`,
  )
  const message = `${sentences.join(' ')} Name another version in ${file}, or take the label out.`
  return [{ path: file, code: 'gitops.label_refused', message }]
}
