import { type Category, PlatformError, type ServableState } from '@understudy/core'
import { shownVersion, type TfsRoute } from './parse-tfs-route.ts'

/** What the status of one version needs; fits the data plane's `VersionStatus`. */
export interface TfsVersionStatus {
  readonly version: number
  readonly state: ServableState
  readonly error?: { readonly category: Category; readonly publicMessage: string } | undefined
}

/** Warm-up is part of loading there, and a failed version has ended. */
const STATE_NAMES = {
  start: 'START',
  loading: 'LOADING',
  warming: 'LOADING',
  available: 'AVAILABLE',
  unloading: 'UNLOADING',
  end: 'END',
  error: 'END',
} as const satisfies Record<ServableState, string>

/**
 * Writes the status of the versions asked for: by number that one, else all (a label does not narrow them, as there).
 *
 * @param versions undefined when the model is unknown
 * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`
 */
export function encodeModelStatus(
  route: Pick<TfsRoute, 'model' | 'selector' | 'versionText'>,
  versions: readonly TfsVersionStatus[] | undefined,
): string {
  const { model, selector } = route
  if (versions === undefined || versions.length === 0) {
    throw new PlatformError('serving.model_not_found', `Could not find any versions of model ${model}`)
  }
  const chosen = versions.filter((entry) => selector.kind !== 'number' || entry.version === selector.number)
  if (chosen.length === 0 && selector.kind === 'number') {
    throw new PlatformError(
      'serving.version_not_found',
      `Could not find version ${shownVersion(route, selector.number)} of model ${model}`,
    )
  }
  const body = {
    model_version_status: chosen.map(({ version, state, error }) => ({
      version: String(version),
      state: STATE_NAMES[state],
      status: { error_code: error?.category ?? 'OK', error_message: error?.publicMessage ?? '' },
    })),
  }
  return `${JSON.stringify(body, null, 1)}\n`
}
