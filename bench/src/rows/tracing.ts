import { type RigNode, startCpuMeter } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { predictRequest } from '../load/predict-request.ts'
import { processesOf } from '../measured.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'

/** As long as the paths take to be optimised: a compiler at work on one side is no cost of tracing. */
const WARM_UP_MS = 6_000
const TURN_MS = 400
/** Short and many: the figure is a small difference of two large ones. */
const TURNS_PER_ROUND = 4
const CONNECTIONS = 32

/** Two nodes, one of which samples nothing; both export metrics. CPU time of all processes of a node. */
export const TRACING: Row = {
  ids: ['14'],
  run: async (bench) => [await measure(bench)],
}

async function measure(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...tinyModel() })
  const models = [planOf('model', 1, { versions: [version] })]
  const start = async (name: string, env: Readonly<Record<string, string>>) =>
    await startServingNode(bench, { rig, models, name, env })
  const traced = await start('traced', { UNDERSTUDY_TRACE_SAMPLE: '0.01' })
  const untraced = await start('untraced', { UNDERSTUDY_TRACE_SAMPLE: '0' })
  const load = await bench.load()
  const request = predictRequest('model', [TINY_ROW])
  const send = async (node: RigNode, durationMs: number) =>
    await load.closed({ port: node.port, request, connections: CONNECTIONS, durationMs })
  const cpuUs = (node: RigNode) => async () => {
    const usedMs = startCpuMeter(processesOf(node).pids)
    const { answered, failed } = await send(node, TURN_MS)
    if (failed > 0) throw new Error(`${failed} requests failed`)
    return (usedMs() * 1_000) / answered
  }
  await send(traced, WARM_UP_MS)
  await send(untraced, WARM_UP_MS)
  const pairs = await interleave(bench.rounds * TURNS_PER_ROUND, {
    subject: cpuUs(traced),
    yardstick: cpuUs(untraced),
  })
  const of = (side: 'subject' | 'yardstick') => median(pairs.map((pair) => pair[side])).toFixed(1)
  return {
    id: '14',
    samples: pairs.map(({ subject, yardstick }) => subject / yardstick),
    notes: [`${of('subject')} µs CPU a request traced, ${of('yardstick')} µs without`],
  }
}
