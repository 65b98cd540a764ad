import type { BenchContext } from '../bench-context.ts'
import { predictRequest } from '../load/predict-request.ts'
import { BigModel, TINY_ROW, tinyModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import type { Pair } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'
import { failuresOf, type TimeWindow, windowQuantile } from '../stats/windows.ts'

const ROUNDS_MAX = 7
const RATE = 400
const WARM_UP_CONNECTIONS = 8
const STEADY_MS = 2_500
/** Until V8 has optimised the path: its compiler's threads would make steady times look like those beside a load. */
const WARM_UP_MS = 5_000
/** Seldom: each question takes the processor from what is measured, and nobody asks in steady times. */
const ASKING = { everyMs: 100 }

/** A model of 250 MB that the node has never seen comes and goes beside a tiny one under load. */
export const LOAD_BESIDE_LIVE: Row = {
  ids: ['9', '9b'],
  limitMs: 150_000,
  run: measure,
}

async function measure(bench: BenchContext): Promise<readonly Finding[]> {
  const rig = await bench.rig()
  const tiny = await rig.version({ number: 1, ...tinyModel() })
  const live = planOf('tiny', 1, { versions: [tiny] })
  const rounds = Math.min(bench.rounds, ROUNDS_MAX)
  const big = new BigModel()
  const versions = []
  for (let number = 1; number <= rounds; number++) {
    versions.push(await rig.version({ number, ...big.variant(number), runtime: { timeoutMs: 10_000 } }))
  }
  const node = await startServingNode(bench, { rig, models: [live] })
  const load = await bench.load()
  const request = predictRequest('tiny', [TINY_ROW])
  await load.closed({ port: node.port, request, connections: WARM_UP_CONNECTIONS, durationMs: WARM_UP_MS })
  load.open({ port: node.port, requests: [request], ratePerSecond: RATE, seed: 1 })
  await load.answeredBy(1)
  await pause(1_000)
  const windows: Pair<TimeWindow>[] = []
  for (const version of versions) {
    const steadyFromMs = monotonicMs()
    await pause(STEADY_MS)
    const fromMs = monotonicMs()
    await node.setPlan([live, planOf('big', version.number, { versions: [version] })])
    await node.untilAvailable('big', version.number, ASKING)
    const subject = { fromMs, toMs: monotonicMs() }
    windows.push({ subject, yardstick: { fromMs: steadyFromMs, toMs: fromMs } })
    await node.setPlan([live])
    await node.untilUnloaded('big', version.number)
    await pause(300)
  }
  const result = await load.stop()
  const finding = (id: string, share: number): Finding => {
    const of = (window: TimeWindow) => windowQuantile(result, window, share)
    const ms = (side: keyof Pair<TimeWindow>) => median(windows.map((pair) => of(pair[side]))).toFixed(2)
    const took = median(windows.map(({ subject }) => subject.toMs - subject.fromMs)).toFixed(0)
    return {
      id,
      samples: windows.map(({ subject, yardstick }) => of(subject) / of(yardstick)),
      notes: [
        `p${share * 100} ${ms('subject')} ms beside a load, ${ms('yardstick')} ms steady at ${RATE} requests/s; ` +
          `from plan to available, ingest included: ${took} ms; ${failuresOf(result)} failed requests`,
      ],
    }
  }
  return [finding('9', 0.99), finding('9b', 0.5)]
}
