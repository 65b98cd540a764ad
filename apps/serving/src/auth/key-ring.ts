import { timingSafeEqual } from 'node:crypto'
import {
  apiKeyHmac,
  type Clock,
  type KeyVerb,
  type PlannedKey,
  PlatformError,
  parseApiKey,
} from '@understudy/core'
import { type Access, type Caller, everyModel } from './access.ts'
import { decideRefusal, type KeyRefusal } from './decide-refusal.ts'

export interface KeyRingOptions {
  /** What keys are checked with, from `deriveKeyCheckKey`. */
  readonly keyCheckKey: string
  readonly clock: Clock
  /** Milliseconds since the control plane last confirmed the plan; undefined while it is current. */
  readonly planAgeMs: () => number | undefined
  /** Keys of a plan that is older are refused, all of them: one may have been revoked. */
  readonly maxStalenessMs: number
}

interface HeldKey {
  readonly planned: PlannedKey
  readonly hmac: Buffer
  readonly caller: Caller
}

const BEARER = /^[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+)$/
const HMAC_BYTES = 32
/** Headers whose key was recognised. Beyond this the list starts anew: each costs one HMAC then. */
const VERIFIED_MAX = 4_096
const NO_HMAC = Buffer.alloc(HMAC_BYTES)

/**
 * The API keys of the plan. A key is checked by HMAC once; afterwards its header is recognised until keys change.
 *
 * Knows no secret: neither keys nor what could make one. Nothing that a client sent gets into a message.
 */
export class KeyRing implements Access {
  readonly #options: KeyRingOptions
  #keys: ReadonlyMap<string, HeldKey> = new Map()
  readonly #verified = new Map<string, HeldKey>()

  constructor(options: KeyRingOptions) {
    this.#options = options
  }

  /** From now on these keys are accepted, and no other. */
  replace(keys: readonly PlannedKey[]): void {
    this.#verified.clear()
    this.#keys = new Map(keys.map((planned) => [planned.id, held(planned)]))
  }

  check(authorization: string | undefined, verb: KeyVerb): Caller {
    if (authorization === undefined) {
      throw unauthenticated(
        'An API key is needed here. Send `Authorization: Bearer <key>`; `understudy key create` makes one.',
      )
    }
    const key = this.#verified.get(authorization) ?? this.#recognise(authorization)
    const { clock, planAgeMs, maxStalenessMs } = this.#options
    const ageMs = planAgeMs()
    // Asked where it counts only: beside what a request costs the time is not cheap.
    const nowMs = key.planned.expiresAtMs === null ? 0 : clock.now()
    const use = { key: key.planned, verb, nowMs, planAgeMs: ageMs, maxStalenessMs }
    const refusal = decideRefusal(use)
    if (refusal !== null) throw refused(refusal, { key: key.planned, verb, ageMs, maxStalenessMs })
    return key.caller
  }

  /** @throws PlatformError `request.unauthenticated` */
  #recognise(authorization: string): HeldKey {
    const parts = parseApiKey(BEARER.exec(authorization)?.[1] ?? '')
    if (parts === undefined) {
      throw unauthenticated('The Authorization header holds no API key. Send `Bearer us_<id>_<secret>`.')
    }
    const key = this.#keys.get(parts.id)
    const hmac = Buffer.from(apiKeyHmac(this.#options.keyCheckKey, parts.secret), 'hex')
    // Compared also where there is no such key: the time it takes tells nothing.
    const isRight = timingSafeEqual(hmac, key?.hmac ?? NO_HMAC)
    if (key === undefined || !isRight) {
      throw unauthenticated('The API key is not valid here: it is unknown, revoked or expired.')
    }
    if (this.#verified.size >= VERIFIED_MAX) this.#verified.clear()
    this.#verified.set(authorization, key)
    return key
  }
}

/** Id of the key that a header holds; null where it holds none. Says nothing of whether it is valid: ask the ring first. */
export function keyIdOf(authorization: string | undefined): string | null {
  return parseApiKey(BEARER.exec(authorization ?? '')?.[1] ?? '')?.id ?? null
}

function held(planned: PlannedKey): HeldKey {
  const hmac = Buffer.from(planned.hmac, 'hex')
  const models = planned.models === null ? undefined : new Set(planned.models)
  return {
    planned,
    // One that is no HMAC matches nothing.
    hmac: hmac.length === HMAC_BYTES ? hmac : NO_HMAC,
    caller: models === undefined ? everyModel : { mayUse: (model) => models.has(model) },
  }
}

function unauthenticated(message: string): PlatformError {
  return new PlatformError('request.unauthenticated', message)
}

function refused(
  why: KeyRefusal,
  of: {
    readonly key: PlannedKey
    readonly verb: KeyVerb
    readonly ageMs: number | undefined
    readonly maxStalenessMs: number
  },
): PlatformError {
  switch (why) {
    case 'stale':
      return unauthenticated(
        `API keys are refused here for now: this node has not reached its control plane for ${seconds(of.ageMs)} s, and may use keys for ${seconds(of.maxStalenessMs)} s without it.`,
      )
    case 'expired':
      return unauthenticated(`The API key expired at ${new Date(of.key.expiresAtMs ?? 0).toISOString()}.`)
    case 'verb':
      return new PlatformError('request.permission_denied', `The API key may not be used to ${of.verb}.`)
  }
}

function seconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1_000)
}
