import type { VersionSelector } from '@understudy/core'
import type { VersionTarget } from './schemas.ts'

const LIVE: VersionSelector = { kind: 'live' }

/** The version that an input names. */
export function selectorOf({ version, label }: Pick<VersionTarget, 'version' | 'label'>): VersionSelector {
  if (version !== undefined) return { kind: 'number', number: version }
  return label === undefined ? LIVE : { kind: 'label', label }
}
