import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { canonicalJson } from '../digest.ts'
import type { OverrideDocument, SignedOverride } from './override-document.ts'

/** A document and a proof are good for this long, and a clock may be ahead by as much. */
export const OVERRIDE_VALID_MS = 300_000

/**
 * What overrides are signed with: 32 bytes as hex, derived from the installation's secret by HKDF-SHA256. Whoever has it can move `live` on a
 * node that it can reach; it opens nothing else.
 */
export function deriveOverrideKey(installationSecret: string): string {
  return Buffer.from(hkdfSync('sha256', installationSecret, '', 'understudy/overrides/v1', 32)).toString(
    'hex',
  )
}

/** HMAC-SHA256 of the canonical JSON of a document, hex: every field is bound. */
export function signOverride(overrideKey: string, document: OverrideDocument): SignedOverride {
  return { document, signature: mac(overrideKey, 'override', canonicalJson(document)) }
}

/** Whether the document was signed with this key. Takes the same time for every wrong signature. */
export function isSignedOverride(overrideKey: string, { document, signature }: SignedOverride): boolean {
  return isSame(mac(overrideKey, 'override', canonicalJson(document)), signature)
}

/** Lets its bearer read how a model stands on a node: for one model, for a few minutes. A cut-off node knows no other way to tell. */
export function overrideProof(overrideKey: string, model: string, atMs: number): string {
  return `t=${atMs},v1=${mac(overrideKey, 'look', `${atMs}.${model}`)}`
}

/** Whether a proof is for this model and of these minutes. */
export function isOverrideProof(
  overrideKey: string,
  proof: string | undefined,
  { model, nowMs }: { readonly model: string; readonly nowMs: number },
): boolean {
  const [, time, given = ''] = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(proof ?? '') ?? []
  const atMs = Number(time)
  if (!isCurrent(atMs, nowMs)) return false
  return isSame(mac(overrideKey, 'look', `${atMs}.${model}`), given)
}

/** Whether something issued then still counts now. */
export function isCurrent(issuedAtMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - issuedAtMs) <= OVERRIDE_VALID_MS
}

/** `purpose` keeps a proof from being taken for a decision. */
function mac(overrideKey: string, purpose: 'override' | 'look', text: string): string {
  return createHmac('sha256', Buffer.from(overrideKey, 'hex')).update(`${purpose}\n${text}`).digest('hex')
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected, 'hex'), Buffer.from(given, 'hex')]
  return a.length === b.length && timingSafeEqual(a, b)
}
