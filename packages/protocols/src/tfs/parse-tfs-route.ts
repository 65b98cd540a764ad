import { PlatformError, type VersionSelector } from '@understudy/core'

const PREDICTION =
  /^\/v1\/models\/([^/:]+)(?:(?:\/versions\/(\d+))|(?:\/labels\/([^/:]+)))?:(classify|regress|predict)$/i
const MODEL =
  /^\/v1\/models(?:\/([^/:]+))?(?:(?:\/versions\/(\d+))|(?:\/labels\/([^/:]+)))?(?:\/(metadata))?$/i

const INT64_MAX = 2n ** 63n - 1n

export interface TfsRoute {
  readonly kind: 'predict' | 'classify' | 'regress' | 'status' | 'metadata'
  readonly model: string
  readonly selector: VersionSelector
  /** Digits of a version that a JavaScript number cannot hold, for messages: no version has such a number. */
  readonly versionText?: string
}

/** The version that a route names, as messages show it. */
export function shownVersion({ versionText }: Pick<TfsRoute, 'versionText'>, number: number): string {
  return versionText ?? String(number)
}

/** Replaces `%XX` by its byte and leaves anything else alone, as curl does. */
function decodePart(text: string): string {
  if (!text.includes('%')) return text
  const bytes: Buffer[] = []
  for (const part of text.split(/(%[0-9a-fA-F]{2})/)) {
    bytes.push(/^%[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part, 'utf8'))
  }
  return Buffer.concat(bytes).toString('utf8')
}

function selectorOf(version: string | undefined, label: string | undefined): VersionSelector {
  if (version !== undefined) {
    if (BigInt(version) > INT64_MAX) {
      throw new PlatformError('request.malformed', `Failed to convert version: ${version} to numeric.`)
    }
    return { kind: 'number', number: Number(version) }
  }
  return label === undefined ? { kind: 'live' } : { kind: 'label', label: decodePart(label) }
}

/** True for paths that belong to TensorFlow Serving's API, known or not. */
export function isTfsPath(path: string): boolean {
  return /^\/v1\//i.test(path)
}

/**
 * Reads method and path (without the query) of a TensorFlow Serving request. Case does not matter.
 *
 * @throws PlatformError `request.malformed` with TensorFlow Serving's text when nothing matches
 */
export function parseTfsRoute(method: string, path: string): TfsRoute {
  const match = method === 'POST' ? PREDICTION.exec(path) : method === 'GET' ? MODEL.exec(path) : null
  if (match === null) throw new PlatformError('request.malformed', `Malformed request: ${method} ${path}`)
  const [, model, version, label, last] = match
  if (model === undefined) throw new PlatformError('request.malformed', 'Missing model name in request.')
  const kind =
    method === 'POST' ? (last?.toLowerCase() as 'predict') : last === undefined ? 'status' : 'metadata'
  const route: TfsRoute = { kind, model: decodePart(model), selector: selectorOf(version, label) }
  return version === undefined || Number.isSafeInteger(Number(version))
    ? route
    : { ...route, versionText: String(BigInt(version)) }
}
