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

/** The status of one version, in TensorFlow Serving's words. */
export interface TfsStatus {
  readonly version: number
  readonly state: (typeof STATE_NAMES)[ServableState]
  readonly errorCode: 'OK' | Category
  readonly errorMessage: string
}

/** What is asked about: by number one version, else all (a label does not narrow them, as there). */
export type StatusSubject = Pick<TfsRoute, 'model' | 'selector' | 'versionText'>

/**
 * The status of the versions asked for.
 *
 * @param versions undefined when the model is unknown
 * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`
 */
export function modelStatus(
  subject: StatusSubject,
  versions: readonly TfsVersionStatus[] | undefined,
): readonly TfsStatus[] {
  const { model, selector } = subject
  if (versions === undefined || versions.length === 0) {
    throw new PlatformError('serving.model_not_found', `Could not find any versions of model ${model}`)
  }
  const chosen = versions.filter((entry) => selector.kind !== 'number' || entry.version === selector.number)
  if (chosen.length === 0 && selector.kind === 'number') {
    throw new PlatformError(
      'serving.version_not_found',
      `Could not find version ${shownVersion(subject, selector.number)} of model ${model}`,
    )
  }
  return chosen.map(({ version, state, error }) => ({
    version,
    state: STATE_NAMES[state],
    errorCode: error?.category ?? 'OK',
    errorMessage: error?.publicMessage ?? '',
  }))
}

/** Writes {@link modelStatus}. @throws PlatformError `serving.model_not_found`, `serving.version_not_found` */
export function encodeModelStatus(
  subject: StatusSubject,
  versions: readonly TfsVersionStatus[] | undefined,
): string {
  const body = {
    model_version_status: modelStatus(subject, versions).map((one) => ({
      version: String(one.version),
      state: one.state,
      status: { error_code: one.errorCode, error_message: one.errorMessage },
    })),
  }
  return `${JSON.stringify(body, null, 1)}\n`
}
