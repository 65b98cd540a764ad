import type { VersionSelector } from '@understudy/core'

const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/([0-9]+))?(?:\/(infer|ready|config|stats))?$/
const REPOSITORY = /^\/v2\/repository(?:\/([^/]+))?\/(?:(index)|models\/([^/]+)\/(load|unload))$/

/** A number of a version that none has: numbers are safe integers. */
const NO_VERSION = 0

/** One request of the Open Inference Protocol by its path; methods are the caller's to check. */
export type OipRoute =
  | { readonly kind: 'live' | 'healthReady' | 'server' | 'allStats' | 'index' }
  | {
      readonly kind: 'metadata' | 'infer' | 'ready' | 'config' | 'stats'
      readonly model: string
      readonly selector: VersionSelector
    }
  | { readonly kind: 'load' | 'unload'; readonly model: string }

const FIXED: ReadonlyMap<string, OipRoute> = new Map<string, OipRoute>([
  ['/v2', { kind: 'server' }],
  ['/v2/', { kind: 'server' }],
  ['/v2/health/live', { kind: 'live' }],
  ['/v2/health/ready', { kind: 'healthReady' }],
  ['/v2/models/stats', { kind: 'allStats' }],
])

/** True for paths that belong to the Open Inference Protocol, known or not. */
export function isOipPath(path: string): boolean {
  return path.startsWith('/v2') && (path.length === 3 || path.charCodeAt(3) === 0x2f)
}

function decoded(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    // What is no UTF-8 names no model; it is not found as it stands.
    return part
  }
}

function selectorOf(version: string | undefined): VersionSelector {
  if (version === undefined) return { kind: 'live' }
  const number = Number(version)
  return { kind: 'number', number: Number.isSafeInteger(number) ? number : NO_VERSION }
}

/** Reads the path (without the query) of a request; undefined when nothing is there. Case matters. */
export function parseOipRoute(path: string): OipRoute | undefined {
  const fixed = FIXED.get(path)
  if (fixed !== undefined) return fixed
  const match = MODEL.exec(path)
  if (match !== null) {
    const [, model = '', version, action] = match
    const kind = action === undefined ? 'metadata' : (action as 'infer' | 'ready' | 'config' | 'stats')
    return { kind, model: decoded(model), selector: selectorOf(version) }
  }
  const repository = REPOSITORY.exec(path)
  if (repository === null) return undefined
  const [, , index, model = '', action] = repository
  if (index !== undefined) return { kind: 'index' }
  return { kind: action === 'load' ? 'load' : 'unload', model: decoded(model) }
}
