import { createHmac, hkdfSync } from 'node:crypto'

const ID_BYTES = 8
const SECRET_BYTES = 32
const FORM = /^us_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

/** An API key taken apart: the id is no secret, the secret must never be stored or logged. */
export interface ApiKeyParts {
  readonly id: string
  readonly secret: string
}

/** Takes `us_<id>_<secret>` apart; undefined when the text is no API key. Says nothing about whether it is valid. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const match = FORM.exec(text)
  const [, id, secret] = match ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** A new API key with 256 random bits. @param random gives that many unpredictable bytes */
export function newApiKey(random: (sizeBytes: number) => Buffer): ApiKeyParts {
  return {
    id: random(ID_BYTES).toString('hex'),
    secret: random(SECRET_BYTES).toString('base64url'),
  }
}

/** The text that a client sends after `Bearer `. */
export function apiKeyText({ id, secret }: ApiKeyParts): string {
  return `us_${id}_${secret}`
}

/**
 * What API keys are checked with: 32 bytes as hex, derived from the installation's secret by HKDF-SHA256. Whoever has it can check keys,
 * and can neither make one nor learn the secret.
 */
export function deriveKeyCheckKey(installationSecret: string): string {
  return Buffer.from(hkdfSync('sha256', installationSecret, '', 'understudy/api-keys/v1', 32)).toString('hex')
}

/** HMAC-SHA256 of the secret part of a key, hex: what is stored of it. */
export function apiKeyHmac(keyCheckKey: string, secret: string): string {
  return createHmac('sha256', Buffer.from(keyCheckKey, 'hex')).update(secret).digest('hex')
}
