import type { Signature } from '@understudy/core'
import type { Tx } from '../database.ts'

/** What is live of a model, and its signature; undefined when nothing is. */
export async function loadLiveSignature(
  tx: Tx,
  model: string,
): Promise<{ readonly number: number; readonly signature: Signature } | undefined> {
  const live = await tx.planLabel.findUnique({
    where: { modelName_label: { modelName: model, label: 'live' } },
  })
  if (live === null) return undefined
  const version = await tx.modelVersion.findUnique({
    where: { modelName_number: { modelName: model, number: live.number } },
  })
  // A JSON column: only a validation writes it, from a signature.
  const signature = version?.signature as unknown as Signature | null | undefined
  return signature ? { number: Number(live.number), signature } : undefined
}
