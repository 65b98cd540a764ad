import type { BenchContext } from '../bench-context.ts'
import type { ClosedResult } from '../load/orders.ts'
import { predictRequest } from '../load/predict-request.ts'
import { type BenchModel, narrowLayers, wideLayers } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Row } from '../row.ts'
import { modelOfCost } from '../run-cost.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave, ratios } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'

const CONNECTIONS = 64
const WARM_UP_MS = 700
const TURN_MS = 250
const TURNS_PER_ROUND = 3
/** The hardest case of the target, a little above its 80 µs: the cheaper a row, the more of its time is not the model's. */
const ROW_COST_MS = 0.1
/** For comparison only. */
const DEAR_ROW_COST_MS = 0.5

/**
 * The same model twice on one node: with its batches, and with a `maxBatchSize` of 1. One row a request. Its rows cost little in a batch, so
 * that it is the platform that sets the limit; for comparison two whose layers cost each row something.
 */
export const BATCHING: Row = {
  ids: ['8'],
  run: async (bench) => {
    const { samples, note } = await measure(bench, ROW_COST_MS, narrowLayers)
    const notes = [`many small layers: ${note}`]
    for (const costMs of [ROW_COST_MS, DEAR_ROW_COST_MS]) {
      const wide = await measure(bench, costMs, wideLayers)
      notes.push(`few wide layers: ${median(wide.samples).toFixed(2)}; ${wide.note}`)
    }
    return [{ id: '8', samples, notes }]
  },
}

interface Gain {
  readonly samples: readonly number[]
  readonly note: string
}

async function measure(
  bench: BenchContext,
  rowCostMs: number,
  modelOf: (layers: number) => BenchModel,
): Promise<Gain> {
  const { model, costMs } = await modelOfCost(rowCostMs, modelOf)
  const rig = await bench.rig()
  const version = async (maxBatchSize: number) =>
    await rig.version({
      ...{ number: 1, ...model },
      runtime: { batching: { maxBatchSize, maxDelayMs: 0 }, timeoutMs: 10_000 },
    })
  const models = [
    planOf('batched', 1, { versions: [await version(CONNECTIONS)] }),
    planOf('single', 1, { versions: [await version(1)] }),
  ]
  const node = await startServingNode(bench, { rig, models })
  const load = await bench.load()
  const row = Array.from({ length: model.inputs }, (_, index) => index / 10)
  const send = (name: string, durationMs: number) => () =>
    load.closed({
      ...{ port: node.port, connections: CONNECTIONS, durationMs },
      request: predictRequest(name, [row]),
    })
  await send('batched', WARM_UP_MS)()
  await send('single', WARM_UP_MS)()
  const pairs = await interleave(bench.rounds * TURNS_PER_ROUND, {
    subject: send('batched', TURN_MS),
    yardstick: send('single', TURN_MS),
  })
  const rate = (side: 'subject' | 'yardstick') => Math.round(median(pairs.map((pair) => rateOf(pair[side]))))
  const us = (costMs * 1_000).toFixed(0)
  return {
    samples: ratios(pairs, rateOf),
    note: `a row alone takes ${us} µs: ${rate('subject')} rows/s batched, ${rate('yardstick')} without`,
  }
}

function rateOf({ answered, seconds }: ClosedResult): number {
  return answered / seconds
}
