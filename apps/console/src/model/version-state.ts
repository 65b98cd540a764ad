import type { ModelView, VersionView } from '@understudy/api/views'
import type { ChipRole } from '../components/version-chip.tsx'
import {
  LABEL_LOOKS,
  type Look,
  rolloutLook,
  rolloutWords,
  STANDING_LOOKS,
  VERSION_LOOKS,
} from '../states.tsx'

/** How one version of a model is shown: the one state of it that matters most now. */
export interface VersionState {
  readonly look: Look
  readonly role: ChipRole
  /** The second line: why, or where. */
  readonly note: string
}

/** Withdrawn before live before candidate before previous before failed before what the record says. */
export function versionState(model: ModelView, version: VersionView): VersionState {
  const { rollout } = model
  if (version.standing === 'withdrawn') {
    return { look: STANDING_LOOKS.withdrawn, role: 'withdrawn', note: version.reason ?? '' }
  }
  if (model.live?.number === version.number) {
    return { look: LABEL_LOOKS.live, role: 'live', note: nodesNote(version) }
  }
  if (rollout !== null && rollout.endedAt === null && rollout.candidate.number === version.number) {
    const look = rolloutLook(rollout)
    return {
      look: { ...look, word: { en: rolloutWords(rollout) } },
      role: 'candidate',
      note: nodesNote(version),
    }
  }
  if (model.previous?.number === version.number) {
    return { look: LABEL_LOOKS.previous, role: 'none', note: nodesNote(version) }
  }
  if (version.standing === 'failed') {
    return { look: STANDING_LOOKS.failed, role: 'none', note: version.reason ?? '' }
  }
  return { look: VERSION_LOOKS[version.state], role: 'none', note: version.reason ?? '' }
}

/** "warm on 1 node", "loading on 1 of 2 nodes", or the reason of the one in error. */
export function nodesNote(version: VersionView): string {
  const { nodes } = version
  if (nodes.length === 0) return ''
  const broken = nodes.find((node) => node.state === 'error')
  if (broken !== undefined) return `error on ${broken.node}: ${broken.reason ?? 'no reason given'}`
  const warm = nodes.filter((node) => node.state === 'available').length
  if (warm === nodes.length) return `warm on ${warm === 1 ? '1 node' : `${warm} nodes`}`
  const other = nodes.find((node) => node.state !== 'available')
  return `${other?.state ?? 'loading'} on ${nodes.length - warm} of ${nodes.length} nodes`
}
