import type { PlannedVersion } from '@understudy/core'
import type { NodeRig } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { predictRequest } from '../load/predict-request.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { quantile } from '../stats/quantile.ts'
import { describeFailures, failuresOf, latenciesIn, type TimeWindow } from '../stats/windows.ts'

const SWAPS = 100
const SWAPPING_MAX_MS = 60_000
const RATE = 400
const STEADY_MS = 3_000

/** Version after version of a small model goes live and the one before the last is unloaded, while requests come. */
export const SWAPS_UNDER_LOAD: Row = {
  ids: ['10', '10b'],
  limitMs: 120_000,
  run: measure,
}

async function measure(bench: BenchContext): Promise<readonly Finding[]> {
  const rig = await bench.rig()
  let current = await newVersion(rig, 1)
  const node = await startServingNode(bench, { rig, models: [planOf('tiny', 1, { versions: [current] })] })
  const load = await bench.load()
  load.open({ port: node.port, requests: [predictRequest('tiny', [TINY_ROW])], ratePerSecond: RATE, seed: 2 })
  await load.answeredBy(1)
  await pause(1_000)
  const steady: TimeWindow[] = [await lasting(STEADY_MS)]
  const windows: TimeWindow[] = []
  const beganMs = monotonicMs()
  while (windows.length < SWAPS && monotonicMs() - beganMs < SWAPPING_MAX_MS) {
    const next = await newVersion(rig, current.number + 1)
    const fromMs = monotonicMs()
    const parts = { versions: [current, next], live: next.number, previous: current.number }
    await node.setPlan([planOf('tiny', next.number, parts)])
    await load.answeredBy(next.number)
    windows.push({ fromMs, toMs: monotonicMs() })
    current = next
  }
  steady.push(await lasting(STEADY_MS))
  const result = await load.stop()
  const p99 = (of: readonly TimeWindow[]) => quantile(latenciesIn(result, of), 0.99)
  const swap = quantile(
    windows.map(({ fromMs, toMs }) => toMs - fromMs),
    0.5,
  )
  const notes = [
    `${windows.length} swaps, each ${swap.toFixed(0)} ms from plan to first answer; ${result.status.length} requests at ${RATE}/s`,
    `p99 ${p99(windows).toFixed(2)} ms in the windows, ${p99(steady).toFixed(2)} ms steady`,
  ]
  const failed = failuresOf(result)
  if (failed > 0) notes.push(`failed: ${describeFailures(result)}`)
  if (windows.length < SWAPS) {
    const reason = `only ${windows.length} swaps fitted into ${SWAPPING_MAX_MS / 1_000} s, with ${failed} failed requests`
    return [
      { id: '10', samples: [], reason, notes },
      { id: '10b', samples: [p99(windows) / p99(steady)] },
    ]
  }
  return [
    { id: '10', samples: [failed], notes },
    { id: '10b', samples: thirds(windows).map((part) => p99(part) / p99(steady)) },
  ]
}

async function newVersion(rig: NodeRig, number: number): Promise<PlannedVersion> {
  return await rig.version({ number, ...tinyModel(number) })
}

async function lasting(durationMs: number): Promise<TimeWindow> {
  const fromMs = monotonicMs()
  await pause(durationMs)
  return { fromMs, toMs: monotonicMs() }
}

function thirds<T>(all: readonly T[]): readonly (readonly T[])[] {
  const size = Math.ceil(all.length / 3)
  return [all.slice(0, size), all.slice(size, 2 * size), all.slice(2 * size)].filter(
    (part) => part.length > 0,
  )
}
