import type { SignedOverride } from '@understudy/core'
import type { PoolClient } from 'pg'
import { storableText } from './storable-text.ts'

/** An override that a node carried out while it was alone. */
export interface OverrideReport extends SignedOverride {
  /** By the node's clock. */
  readonly acceptedAtMs: number
}

/** Inserts what is not there yet; an override that is recorded stays as it is. */
export async function writeOverrides(
  client: PoolClient,
  node: string,
  overrides: readonly OverrideReport[],
): Promise<void> {
  for (const { document, signature, acceptedAtMs } of overrides) {
    const { id, model, generation, from, to, reason, actor, issuedAtMs } = document
    await client.query(
      `INSERT INTO override (id, node, model, generation, from_number, to_number, reason, actor, signature, issued_at, accepted_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000))
       ON CONFLICT (id, node) DO NOTHING`,
      [
        id,
        node,
        model,
        generation,
        from,
        to,
        storableText(reason),
        storableText(actor),
        signature,
        issuedAtMs,
        acceptedAtMs,
      ],
    )
  }
}
