import type { ModelConfig } from '@understudy/core'
import type { Tx } from '../database.ts'
import { storedConfig } from '../node/stored-config.ts'
import { measureOf, type QualityPolicy } from './measure.ts'

/** How answers of one model are judged now. */
export interface ModelQuality {
  readonly policy: QualityPolicy
  readonly measure: string
  /** Names of the classes of the output that is judged. */
  readonly labels: readonly string[] | undefined
}

/** How each of these models is judged by outcomes; models without a quality gate are left out. */
export async function loadQuality(
  tx: Tx,
  models: readonly string[],
): Promise<ReadonlyMap<string, ModelQuality>> {
  const rows = await tx.model.findMany({
    where: { name: { in: [...models] } },
    select: { name: true, config: true },
  })
  return new Map(
    rows.flatMap(({ name, config }) => {
      const quality = qualityOf(storedConfig(config))
      return quality === null ? [] : [[name, quality] as const]
    }),
  )
}

/** How a model is judged by outcomes, from its configuration; null: it is not. */
export function qualityOf({ rollout, outputs }: ModelConfig): ModelQuality | null {
  const policy = rollout.gates.quality
  if (policy === undefined) return null
  return { policy, measure: measureOf(policy), labels: outputs[policy.output]?.labels }
}
