import { describeQualityDrift } from '@understudy/rollout'
import type { Tx } from '../database.ts'
import { loadQualityCurve } from './load-quality-curve.ts'
import { loadQuality } from './quality-policies.ts'

/** A live version that answers worse than in its rollout. */
export interface QualityAlarm {
  readonly model: string
  readonly number: number
  readonly digest: string
  readonly sentence: string
}

/** The alarms of all models. Reads the scores of all of them: made to be called every few minutes. */
export async function findQualityAlarms(tx: Tx): Promise<readonly QualityAlarm[]> {
  const models = await tx.model.findMany({ select: { name: true }, orderBy: { name: 'asc' } })
  const judged = await loadQuality(
    tx,
    models.map(({ name }) => name),
  )
  const alarms: QualityAlarm[] = []
  for (const model of judged.keys()) {
    const curve = await loadQualityCurve(tx, model)
    for (const { number, digest, drift } of curve?.versions ?? []) {
      const sentence = drift === null ? null : describeQualityDrift(number, drift)
      if (sentence !== null) alarms.push({ model, number, digest, sentence: `${model}: ${sentence}` })
    }
  }
  return alarms
}
