import { planServing } from '@understudy/core'
import { decideUserLabels, type UserLabelsDecision } from '@understudy/rollout'
import { type ModelRecord, standingOf, versionOf } from '../record/model-record.ts'
import { nodeReports, tipVersion } from '../rollout/decider-input.ts'

/** Where the labels of the user's own shall point now, what is loaded for them, and what keeps them from where they are wanted. */
export function userLabelsOf(record: ModelRecord): UserLabelsDecision {
  const wanted = record.pointer?.labels ?? {}
  const carried = record.labels
  const numbers = new Set([...Object.values(wanted), ...Object.values(carried)])
  const versions = [...numbers].flatMap((number) => {
    const version = versionOf(record, number)
    if (version === undefined) return []
    const standing = standingOf(record, version.digest)
    const nodes = nodeReports(record, version)
    return [{ ...tipVersion(version), atTip: version.atTip, standing, nodes }]
  })
  return decideUserLabels({ wanted, carried, versions })
}

/** What must stay loaded while labels are where they are: what they point to, and what they are to point to. */
export function labelledNumbers(record: ModelRecord): readonly number[] {
  return [...Object.values(record.labels), ...userLabelsOf(record).loaded]
}

/** What nodes shall hold loaded with this candidate beside what is live, if any. */
export function aspiredWith(record: ModelRecord, candidate: number | null): readonly number[] {
  const { live, previous } = record
  return planServing({ live, previous, candidate, labelled: labelledNumbers(record) })
}
