import { type KeyVerb, PlatformError } from '@understudy/core'
import { audit } from '../audit/audit.ts'
import type { Database, Tx } from '../database.ts'
import { storableText } from '../node/storable-text.ts'
import { notifyChange } from '../notify.ts'
import type { ActOutcome } from '../rollout/acts.ts'

/** A key that was just made, without its secret. */
export interface CreateKeyAct {
  readonly id: string
  readonly name: string
  /** HMAC-SHA256 of the secret part under the installation's key-check key, hex. */
  readonly hmac: string
  /** Models it may be used for; null means all. */
  readonly models: readonly string[] | null
  readonly verbs: readonly KeyVerb[]
  /** From now, by the database's clock; null: it does not expire. */
  readonly expiresInMs: number | null
  readonly actor: string
}

/** What everybody may know of a key. */
export interface KeyRecord {
  readonly id: string
  readonly name: string
  readonly models: readonly string[] | null
  readonly verbs: readonly string[]
  readonly createdBy: string
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly revokedBy: string | null
  readonly revokedAt: Date | null
}

/** Records a key and tells the nodes, in one transaction with its audit entry. */
export async function createKey(database: Database, act: CreateKeyAct): Promise<KeyRecord> {
  return await database.transaction(async (tx) => {
    const expiresAt = act.expiresInMs === null ? null : await inTheFuture(tx, act.expiresInMs)
    const { id, hmac, models, verbs, actor } = act
    const name = storableText(act.name)
    const row = await tx.apiKey.create({
      data: {
        ...{ id, name, hmac, expiresAt, createdBy: storableText(actor) },
        ...{ allModels: models === null, models: [...(models ?? [])], verbs: [...verbs] },
      },
    })
    await notifyChange(tx, 'plan')
    const forModels = models === null ? 'every model' : models.join(', ')
    await audit(tx, {
      actor,
      action: 'key.created',
      sentence: `${actor} created API key ${id} "${name}" for ${forModels}`,
      details: { id, name, models, verbs, expiresAt: expiresAt?.toISOString() ?? null },
    })
    return keyRecord(row)
  })
}

/** Every key there ever was, the newest first. */
export async function listKeys(tx: Tx): Promise<readonly KeyRecord[]> {
  const rows = await tx.apiKey.findMany({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }] })
  return rows.map(keyRecord)
}

/**
 * Revokes a key for good and tells the nodes, in one transaction with its audit entry. Again is a success that changes nothing.
 *
 * @throws PlatformError `control.not_found`
 */
export async function revokeKey(
  database: Database,
  act: { readonly id: string; readonly actor: string },
): Promise<ActOutcome> {
  return await database.transaction(async (tx) => {
    const { id, actor } = act
    const [revoked] = await tx.$queryRaw<{ name: string }[]>`
      UPDATE api_key SET revoked_at = clock_timestamp(), revoked_by = ${storableText(actor)}
      WHERE id = ${id} AND revoked_at IS NULL RETURNING name`
    if (revoked === undefined) return await alreadyRevoked(tx, id)
    await notifyChange(tx, 'plan')
    await audit(tx, {
      actor,
      action: 'key.revoked',
      sentence: `${actor} revoked API key ${id} "${revoked.name}"`,
      details: { id, name: revoked.name },
    })
    return { changed: true, sentence: `API key ${id} "${revoked.name}" is revoked.` }
  })
}

async function alreadyRevoked(tx: Tx, id: string): Promise<ActOutcome> {
  const key = await tx.apiKey.findUnique({ where: { id } })
  if (key !== null) return { changed: false, sentence: `API key ${id} "${key.name}" was revoked already.` }
  throw new PlatformError(
    'control.not_found',
    'There is no API key with this id. `understudy key list` lists them.',
  )
}

async function inTheFuture(tx: Tx, ms: number): Promise<Date> {
  const [row] = await tx.$queryRaw<{ at: Date }[]>`
    SELECT date_trunc('milliseconds', clock_timestamp()) + ${ms}::float8 * interval '1 millisecond' AS at`
  if (row === undefined) throw new Error('the clock of the database gave no row')
  return row.at
}

interface KeyRow extends Omit<KeyRecord, 'models'> {
  readonly allModels: boolean
  readonly models: readonly string[]
}

function keyRecord(row: KeyRow): KeyRecord {
  const { id, name, verbs, createdBy, createdAt, expiresAt, revokedBy, revokedAt } = row
  const models = row.allModels ? null : row.models
  return { id, name, models, verbs, createdBy, createdAt, expiresAt, revokedBy, revokedAt }
}
