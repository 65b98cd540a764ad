import { randomBytes } from 'node:crypto'
import { apiKeyHmac, apiKeyText, deriveKeyCheckKey, newApiKey, type PlannedKey } from '@understudy/core'

const { id, secret } = newApiKey(randomBytes)
const checkKey = deriveKeyCheckKey(randomBytes(32).toString('hex'))

/** What clients of the bench send as `Authorization`; made anew for each run. */
export const AUTHORIZATION = `Bearer ${apiKeyText({ id, secret })}`

/** What a node knows of that key. */
export const BENCH_KEY: PlannedKey = {
  ...{ id, hmac: apiKeyHmac(checkKey, secret) },
  ...{ models: null, verbs: ['predict'], expiresAtMs: null },
}

/** Makes a node ask every client for a key. */
export const KEY_ENVIRONMENT: Readonly<Record<string, string>> = {
  UNDERSTUDY_PREDICT_AUTH: 'required',
  UNDERSTUDY_KEY_CHECK_KEY: checkKey,
}
