import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { ModelPlan } from '@understudy/core'
import type { NodeRig, RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { BigModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'

const execute = promisify(execFile)
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const PLAIN_LOAD = fileURLToPath(new URL('./plain-load-process.ts', import.meta.url))
const ROUNDS_MAX = 3

interface LoadTimes {
  readonly loadMs: number
  /** From the start of the node to the first moment at which it takes requests. */
  readonly availableMs: number
}

/**
 * The load alone, as the node counts it in its own metrics, of 250 MB that it has had before: files checked, executor taken, weights
 * there. Warming up is not part of it, on neither side. The yardstick is ONNX Runtime on the file as it was pushed, in a process of its
 * own.
 */
export const LOAD_TIME: Row = {
  ids: ['11'],
  limitMs: 120_000,
  run: async (bench) => [await measure(bench)],
}

async function measure(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const big = await rig.version({ number: 1, ...new BigModel().variant(1), runtime: { timeoutMs: 10_000 } })
  const sha256 = big.files[0]?.sha256 ?? ''
  const file = path.join(rig.dataDir, 'artifacts', 'sha256', sha256.slice(0, 2), sha256)
  const models = [planOf('big', 1, { versions: [big] })]
  const first = await load(bench, { rig, models })
  const availableMs: number[] = []
  const pairs = await interleave(Math.min(bench.rounds, ROUNDS_MAX), {
    subject: async () => {
      const times = await load(bench, { rig, models })
      availableMs.push(times.availableMs)
      return times.loadMs
    },
    yardstick: async () => await plainLoadMs(file),
  })
  const of = (side: 'subject' | 'yardstick') => median(pairs.map((pair) => pair[side])).toFixed(0)
  return {
    id: '11',
    samples: pairs.map(({ subject, yardstick }) => subject / yardstick),
    notes: [
      `${of('subject')} ms on the node, ${of('yardstick')} ms from a plain file; from the node's start to warm ${median(availableMs).toFixed(0)} ms; ` +
        `the first time, ingest included: load ${first.loadMs.toFixed(0)} ms, start to warm ${first.availableMs.toFixed(0)} ms`,
    ],
  }
}

/** A node that starts with what is on its disk, and ends. A version that left the plan would be swept, and ingested again. */
async function load(
  bench: BenchContext,
  options: { readonly rig: NodeRig; readonly models: readonly ModelPlan[] },
): Promise<LoadTimes> {
  const beganMs = monotonicMs()
  const node = await startServingNode(bench, options)
  const availableMs = monotonicMs() - beganMs
  const loadMs = await loadedMs(node)
  await node.stop()
  return { loadMs, availableMs }
}

/** Time of all loads of the node so far. */
async function loadedMs(node: RigNode): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text()
  const sum = /^understudy_load_duration_seconds_sum\{outcome="ok"\} (\S+)$/m.exec(text)?.[1]
  return Number(sum ?? 0) * 1_000
}

async function plainLoadMs(file: string): Promise<number> {
  const { stdout } = await execute(process.execPath, ['--import', TSX, PLAIN_LOAD, file])
  return Number(stdout)
}
