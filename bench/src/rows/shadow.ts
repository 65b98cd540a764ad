import type { BenchContext } from '../bench-context.ts'
import { predictRequest } from '../load/predict-request.ts'
import { type BenchModel, sameModelOtherBytes, TINY_ROW, tinyModel, wideLayers } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { modelOfCost } from '../run-cost.ts'
import { startServingNode } from '../serving-node.ts'
import { StallWatch } from '../stall-watch.ts'
import type { Pair } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'
import { describeFailures, type TimeWindow, windowQuantile } from '../stats/windows.ts'

/** Share of what the node can do that the load asks for. */
const LOAD = 0.3
const CAPACITY_MS = 1_500
/** After the plan has changed: what was mirrored before has run by then. */
const GUARD_MS = 300

interface Setting {
  readonly id: string
  readonly model: () => Promise<BenchModel>
  /** Connections with which the capacity is found. */
  readonly connections: number
  readonly windowMs: number
  /** Of windows a round: what else the machine does falls upon some of them, and their median does not see it. */
  readonly pairs: number
}

const SETTINGS: readonly Setting[] = [
  { id: '13', model: async () => tinyModel(), connections: 32, windowMs: 600, pairs: 6 },
  {
    id: '13b',
    model: async () => (await modelOfCost(10, wideLayers)).model,
    connections: 2,
    windowMs: 3_000,
    pairs: 1,
  },
]

/** Live tails with every batch mirrored to a candidate that is loaded all the time, and without. */
export const SHADOW: readonly Row[] = SETTINGS.map((setting) => ({
  ids: [setting.id],
  run: async (bench) => [await measure(bench, setting)],
}))

async function measure(bench: BenchContext, setting: Setting): Promise<Finding> {
  const rig = await bench.rig()
  const model = await setting.model()
  const live = await rig.version({ number: 1, ...model })
  const candidate = await rig.version({ number: 2, ...sameModelOtherBytes(model) })
  const versions = [live, candidate]
  const plan = (generation: number, mirrored: boolean) =>
    planOf('model', generation, { versions, live: 1, ...(mirrored ? { shadow: 2 } : {}) })
  const node = await startServingNode(bench, { rig, models: [plan(1, false)] })
  await node.untilAvailable('model', 2)
  const load = await bench.load()
  const row = model.inputs === TINY_ROW.length ? TINY_ROW : Array.from({ length: model.inputs }, () => 0.5)
  const request = predictRequest('model', [row])
  const { connections, windowMs } = setting
  await load.closed({ port: node.port, request, connections, durationMs: CAPACITY_MS })
  const { answered, seconds } = await load.closed({
    port: node.port,
    request,
    connections,
    durationMs: CAPACITY_MS,
  })
  const ratePerSecond = (LOAD * answered) / seconds
  load.open({ port: node.port, requests: [request], ratePerSecond, seed: 3 })
  await load.answeredBy(1)
  const stalls = await bench.own(new StallWatch())
  const rounds: Pair<TimeWindow>[][] = []
  let generation = 1
  const stretch = async (mirrored: boolean): Promise<TimeWindow> => {
    generation += 1
    await node.setPlan([plan(generation, mirrored)])
    await node.untilGeneration('model', generation)
    await pause(GUARD_MS)
    const fromMs = monotonicMs()
    await pause(windowMs)
    return { fromMs, toMs: monotonicMs() }
  }
  for (let round = 0; round < bench.rounds; round++) {
    const pairs: Pair<TimeWindow>[] = []
    for (let pair = 0; pair < setting.pairs; pair++) {
      // What drifts falls upon either side in turn.
      if (pair % 2 === 0) pairs.push({ subject: await stretch(true), yardstick: await stretch(false) })
      else pairs.push({ yardstick: await stretch(false), subject: await stretch(true) })
    }
    rounds.push(pairs)
  }
  const stalledMs = stalls.longestMs()
  const result = await load.stop()
  const middle = (pairs: readonly Pair<TimeWindow>[], side: keyof Pair<TimeWindow>, share: number) =>
    median(pairs.map((pair) => windowQuantile(result, pair[side], share)))
  const ms = (side: keyof Pair<TimeWindow>, share: number) => middle(rounds.flat(), side, share).toFixed(2)
  return {
    id: setting.id,
    samples: rounds.map((pairs) => middle(pairs, 'subject', 0.99) / middle(pairs, 'yardstick', 0.99)),
    notes: [
      `p99 ${ms('subject', 0.99)} ms with, ${ms('yardstick', 0.99)} ms without; p50 ${ms('subject', 0.5)} and ${ms('yardstick', 0.5)} ms; ` +
        `${ratePerSecond.toFixed(0)} requests/s; failed requests: ${describeFailures(result) || 'none'}; ` +
        `a process that does nothing was kept from it for ${stalledMs.toFixed(0)} ms at most`,
    ],
  }
}
