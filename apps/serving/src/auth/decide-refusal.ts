import type { KeyVerb, PlannedKey } from '@understudy/core'

/** Why a key that was recognised may not be used now. */
export type KeyRefusal = 'stale' | 'expired' | 'verb'

export interface KeyUse {
  readonly key: Pick<PlannedKey, 'verbs' | 'expiresAtMs'>
  readonly verb: KeyVerb
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  /** Since the control plane last confirmed the keys; undefined while they are current. */
  readonly planAgeMs: number | undefined
  readonly maxStalenessMs: number
}

/** Whether a recognised key may be used now; null means yes. A key that may have been revoked meanwhile is not asked anything else. */
export function decideRefusal({ key, verb, nowMs, planAgeMs, maxStalenessMs }: KeyUse): KeyRefusal | null {
  if (planAgeMs !== undefined && planAgeMs > maxStalenessMs) return 'stale'
  if (key.expiresAtMs !== null && nowMs >= key.expiresAtMs) return 'expired'
  return key.verbs.includes(verb) ? null : 'verb'
}
