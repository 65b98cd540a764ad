import type { RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { firstInLine, threadsOf } from '../first-in-line.ts'
import type { LoadClient } from '../load/load-client.ts'
import { getRequest, sendCall } from '../load/predict-request.ts'
import { pixelModel, pixels, sameModelOtherBytes, wideModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { latenciesIn, type TimeWindow, windowQuantile } from '../stats/windows.ts'

/** Often enough that a pause of a few milliseconds does not fall between two. */
const PINGS_PER_SECOND = 1_000
const BODY_BYTES = 7_000_000
const BETWEEN_MS = 300
const RUNTIME = { timeoutMs: 30_000, runTimeoutMs: 30_000 }

/**
 * The longest wait for `/v2/health/live` on an idle node while one large request is carried out. Loop and client go before all other
 * threads, so that nothing but the loop itself delays it.
 */
export const LOOP_BLOCK: readonly Row[] = [
  { ids: ['19'], run: async (bench) => [await largeBody(bench)] },
  { ids: ['19b'], run: async (bench) => [await largeAnswer(bench)] },
]

async function largeBody(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...pixelModel(), runtime: RUNTIME })
  const node = await startServingNode(bench, { rig, models: [planOf('model', 1, { versions: [version] })] })
  const rowText = JSON.stringify(pixels(3))
  const rows = Array.from({ length: Math.ceil(BODY_BYTES / (rowText.length + 1)) }, () => rowText)
  return await blocks(bench, { id: '19', node, body: `{"instances":[${rows.join(',')}]}` })
}

async function largeAnswer(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const wide = wideModel()
  const versions = [
    await rig.version({ number: 1, ...wide, runtime: RUNTIME }),
    await rig.version({ number: 2, ...sameModelOtherBytes(wide), runtime: RUNTIME }),
  ]
  const node = await startServingNode(bench, {
    rig,
    models: [planOf('model', 1, { versions, live: 1, shadow: 2 })],
  })
  await node.untilAvailable('model', 2)
  return await blocks(bench, { id: '19b', node, body: '{"instances":[[0.5]]}' })
}

interface Large {
  readonly id: string
  readonly node: RigNode
  readonly body: string
}

async function blocks(bench: BenchContext, { id, node, body }: Large): Promise<Finding> {
  const load: LoadClient = await bench.load()
  const requests = [getRequest('/v2/health/live')]
  load.open({ port: node.port, requests, ratePerSecond: PINGS_PER_SECOND, seed: 5 })
  await pause(1_000)
  // The main thread of the node is the loop; the others, and its executors, wait their turn as ever.
  const isFirst = await firstInLine([node.pid, ...(await threadsOf(load.pid))])
  const windows: TimeWindow[] = []
  for (let round = 0; round < bench.rounds; round++) {
    const fromMs = monotonicMs()
    const answer = await sendCall(node.url, { path: '/v1/models/model:predict', body })
    const text = await answer.text()
    if (!answer.ok) return { id, samples: [], reason: `${answer.status} ${text.slice(0, 200)}` }
    // What goes on behind the answer belongs to it.
    await pause(BETWEEN_MS)
    windows.push({ fromMs, toMs: monotonicMs() })
  }
  const quiet = { fromMs: monotonicMs(), toMs: monotonicMs() + 1_000 }
  await pause(1_000)
  const result = await load.stop()
  const idleMs = windowQuantile(result, quiet, 0.5)
  return {
    id,
    samples: windows.map((window) => Math.max(...latenciesIn(result, [window])) - idleMs),
    notes: [
      `the longest wait on the idle node: ${Math.max(...latenciesIn(result, [quiet])).toFixed(1)} ms, its p50 ${idleMs.toFixed(2)} ms`,
      ...(isFirst
        ? []
        : ['the loop could not be let first in line: what else the machine does is in the figure']),
    ],
  }
}
