import type { PlatformError, ServableState } from '@understudy/core'
import type { RequestLoad } from '../predict/micro-batcher.ts'
import type { ServableId, ServableStateEvent } from '../servable.ts'

/** What a node reports about one version. */
export interface ServableStatus {
  readonly model: string
  readonly version: number
  /** Of the bytes that this node took for the version. */
  readonly digest: string
  readonly state: ServableState
  readonly error?: PlatformError | undefined
}

/** The requests that one version has at this moment. */
export interface VersionLoad extends RequestLoad {
  readonly model: string
  readonly version: number
}

export function servableStatus(
  { id, state, error }: ServableStateEvent,
  digestOf: (id: ServableId) => string | undefined,
): ServableStatus {
  return { model: id.name, version: id.version, state, error, digest: digestOf(id) ?? '' }
}
