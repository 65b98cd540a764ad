import type { IncomingHttpHeaders } from 'node:http'
import { PlatformError, SERVED_BY_HEADERS, type VersionSelector } from '@understudy/core'

/** Header that pins a request to a label, where its path names no version. */
export const LABEL_HEADER = 'understudy-label'
const VERSION_HEADER = SERVED_BY_HEADERS.version
const LABEL_CHARACTERS_MAX = 200

function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

/**
 * The version that a request is for: that of its path, else that of its headers, else live.
 *
 * @throws PlatformError `request.malformed` when headers are no version, or disagree with each other or with the path
 */
export function pinnedSelector(headers: IncomingHttpHeaders, ofPath: VersionSelector): VersionSelector {
  const version = headers[VERSION_HEADER]
  const label = headers[LABEL_HEADER]
  if (version === undefined && label === undefined) return ofPath
  if (version !== undefined && label !== undefined) {
    throw malformed(`Send either ${VERSION_HEADER} or ${LABEL_HEADER}, not both.`)
  }
  const pinned = version === undefined ? labelSelector(label) : numberSelector(version)
  if (ofPath.kind === 'live' || isSame(ofPath, pinned)) return pinned
  throw malformed(
    'The path or message names another version than the header that pins one. Send one of them.',
  )
}

function numberSelector(text: string | string[]): VersionSelector {
  const number = typeof text === 'string' && /^\s*\d{1,16}\s*$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return { kind: 'number', number }
  throw malformed(`Header ${VERSION_HEADER} is not the number of a version.`)
}

function labelSelector(text: string | string[] | undefined): VersionSelector {
  const label = typeof text === 'string' ? text.trim() : ''
  if (label !== '' && label.length <= LABEL_CHARACTERS_MAX) return { kind: 'label', label }
  throw malformed(`Header ${LABEL_HEADER} is not a label.`)
}

function isSame(a: VersionSelector, b: VersionSelector): boolean {
  if (a.kind === 'number') return b.kind === 'number' && a.number === b.number
  return a.kind === 'label' && b.kind === 'label' && a.label === b.label
}
