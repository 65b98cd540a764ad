import { PlatformError } from '@understudy/core'
import { type ModelRecord, openRollout, standingOf, type VersionRecord, versionOf } from '@understudy/db'
import { describeIncidents, formatVersion, type ReleaseFacts } from '@understudy/rollout'
import type { WhyView } from '../../views/index.ts'
import { reasonOf } from './model-view.ts'
import { whyView } from './why-view.ts'

/**
 * Says what became of one version, and what befell its processes. Of the one that is tried it says what it waits for.
 *
 * @throws PlatformError `control.not_found`
 */
export function whyVersionView(
  record: ModelRecord,
  number: number,
  release: ReleaseFacts | null = null,
): WhyView {
  if (openRollout(record)?.number === number) return whyView(record, release)
  const version = versionOf(record, number)
  if (version === undefined) {
    throw new PlatformError(
      'control.not_found',
      `There is no version ${number} of ${record.name}. \`understudy status ${record.name}\` lists them.`,
    )
  }
  const reason = reasonOf(record, version)
  const state = `${record.name} ${formatVersion(number)} ${stateOf(record, version)}${reason === null ? '.' : `: ${reason}`}`
  const incidents = describeIncidents(number, version.incidents)
  return { sentence: incidents === null ? state : `${state} ${incidents}`, command: null }
}

function stateOf(record: ModelRecord, version: VersionRecord): string {
  if (record.live === version.number) return 'is live'
  const standing = standingOf(record, version.digest)
  if (standing === 'withdrawn') return 'is withdrawn'
  if (standing === 'failed') return 'did not pass'
  if (record.previous === version.number) return 'was live before and stays warm'
  return `is ${version.state}`
}
