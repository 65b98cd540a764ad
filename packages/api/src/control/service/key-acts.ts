import { randomBytes } from 'node:crypto'
import { apiKeyHmac, apiKeyText, newApiKey, PlatformError } from '@understudy/core'
import { createKey, type Database, type KeyRecord, listKeys, revokeKey } from '@understudy/db'
import type { KeyView } from '../../views/index.ts'
import type { ControlKeys } from '../control-service.ts'

/** Acts on API keys. Without the key-check key none can be made; those that are there can be listed and revoked. */
export function createKeyActs(database: Database, keyCheckKey: string | undefined): ControlKeys {
  return {
    create: async (act) => {
      if (keyCheckKey === undefined) {
        throw new PlatformError('control.keys_unavailable', 'This console cannot make API keys.')
      }
      const key = newApiKey(randomBytes)
      const hmac = apiKeyHmac(keyCheckKey, key.secret)
      const record = await createKey(database, { ...act, id: key.id, hmac })
      return { key: keyView(record, record.createdAt), token: apiKeyText(key) }
    },
    list: () =>
      database.snapshot(async (tx) => {
        const [clock] = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`
        const now = clock?.now ?? new Date()
        return (await listKeys(tx)).map((record) => keyView(record, now))
      }),
    revoke: (act) => revokeKey(database, act),
  }
}

function keyView(record: KeyRecord, now: Date): KeyView {
  const { id, name, models, verbs, createdBy, createdAt, expiresAt, revokedBy, revokedAt } = record
  const isExpired = expiresAt !== null && expiresAt <= now
  return {
    ...{ id, name, models, verbs, createdBy, revokedBy },
    state: revokedAt !== null ? 'revoked' : isExpired ? 'expired' : 'valid',
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}
