import { cpuTimeMs, type RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import type { OpenResult } from '../load/orders.ts'
import { predictRequest } from '../load/predict-request.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { quantile } from '../stats/quantile.ts'
import { describeFailures, failuresOf, latenciesIn } from '../stats/windows.ts'

const ROUNDS_MAX = 3
const RATE = 400
const STEADY_MS = 1_500
const AFTER_MS = 2_500
/** An answer this many times slower than the steady p99 is no full service yet. */
const SLOW = 3
const SLOW_MIN_MS = 20

interface Crash {
  readonly result: OpenResult
  readonly serviceAfterMs: number
}

/** The executor of the live version dies of a native fault under load; each round on a node of its own. */
export const CRASH: Row = {
  ids: ['18', '18b'],
  limitMs: 120_000,
  run: async (bench) => {
    const crashes: Crash[] = []
    for (let round = 0; round < Math.min(bench.rounds, ROUNDS_MAX); round++)
      crashes.push(await crash(bench, round))
    const failures = crashes.map(({ result }) => describeFailures(result)).filter((text) => text !== '')
    const sent = crashes.reduce((sum, { result }) => sum + result.status.length, 0)
    return [
      {
        id: '18',
        samples: crashes.map(({ result }) => failuresOf(result)),
        value: crashes.reduce((sum, { result }) => sum + failuresOf(result), 0),
        notes: [
          `of ${sent} requests in ${crashes.length} crashes${failures.length > 0 ? `: ${failures.join('; ')}` : ''}`,
        ],
      },
      { id: '18b', samples: crashes.map(({ serviceAfterMs }) => serviceAfterMs) },
    ]
  },
}

async function crash(bench: BenchContext, round: number): Promise<Crash> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...tinyModel() })
  const models = [planOf('tiny', 1, { versions: [version] })]
  const node = await startServingNode(bench, { rig, models, name: `crash-${round}` })
  const load = await bench.load()
  load.open({
    port: node.port,
    requests: [predictRequest('tiny', [TINY_ROW])],
    ratePerSecond: RATE,
    seed: 4 + round,
  })
  await load.answeredBy(1)
  await pause(1_000)
  const fromMs = monotonicMs()
  const pid = await busiestExecutor(node, STEADY_MS)
  const crashedAtMs = monotonicMs()
  process.kill(pid, 'SIGSEGV')
  await pause(AFTER_MS)
  const result = await load.stop()
  const steadyMs = quantile(latenciesIn(result, [{ fromMs, toMs: crashedAtMs }]), 0.99)
  await load.close()
  await rig.close()
  return { result, serviceAfterMs: serviceAfter(result, crashedAtMs, Math.max(SLOW_MIN_MS, SLOW * steadyMs)) }
}

/** The one that answers: the others wait. */
async function busiestExecutor(node: RigNode, durationMs: number): Promise<number> {
  const before = node.executors().map(({ pid }) => ({ pid, cpuMs: cpuTimeMs([pid]) }))
  await pause(durationMs)
  const used = before.map(({ pid, cpuMs }) => ({ pid, usedMs: cpuTimeMs([pid]) - cpuMs }))
  const [busiest] = used.sort((a, b) => b.usedMs - a.usedMs)
  if (busiest === undefined) throw new Error('the node has no executor')
  return busiest.pid
}

/** Until the last answer that failed or was slow had ended. */
function serviceAfter(result: OpenResult, crashedAtMs: number, slowMs: number): number {
  let untilMs = crashedAtMs
  for (const [index, atMs] of result.scheduledAtMs.entries()) {
    const latencyMs = result.latencyMs[index] ?? 0
    const endedAtMs = atMs + latencyMs
    const isBad = result.status[index] !== 200 || latencyMs > slowMs
    if (isBad && endedAtMs > untilMs) untilMs = endedAtMs
  }
  return untilMs - crashedAtMs
}
