import { cpuTimeMs, type RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import type { FloorServer } from '../floor/floor-server.ts'
import type { LoadClient } from '../load/load-client.ts'
import type { ClosedResult } from '../load/orders.ts'
import { predictRequest } from '../load/predict-request.ts'
import { type BenchModel, pixelModel, pixels, TINY_ROW, tinyModel } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave, type Pair, ratios } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'

/** Of the node: until V8 has optimised the path, which takes some hundred thousand requests. */
const WARM_UP_MS = 6_000
const FLOOR_WARM_UP_MS = 1_500
const ROUND_MS = 1_000

interface Setting {
  readonly id: string
  readonly model: () => BenchModel
  readonly row: readonly number[]
  readonly connections: number
  readonly figure: 'rate' | 'p50'
}

const SETTINGS: readonly Setting[] = [
  { id: '1', model: () => tinyModel(), row: TINY_ROW, connections: 32, figure: 'rate' },
  { id: '2', model: () => tinyModel(), row: TINY_ROW, connections: 128, figure: 'rate' },
  { id: '3', model: () => tinyModel(), row: TINY_ROW, connections: 1, figure: 'p50' },
  { id: '4', model: () => pixelModel(), row: pixels(), connections: 32, figure: 'rate' },
]

/** One round on one server. */
interface Measured extends ClosedResult {
  /** CPU time of all its processes, and of the one that holds the sockets. */
  readonly cpuUsPerRequest: number
  readonly frontUsPerRequest: number
}

/** REST over JSON against what Node's HTTP stack allows on the same machine at the same time. */
export const REST_THROUGHPUT: readonly Row[] = SETTINGS.map((setting) => ({
  ids: [setting.id],
  run: async (bench) => [await measure(bench, setting)],
}))

async function measure(bench: BenchContext, setting: Setting): Promise<Finding> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...setting.model() })
  const node = await startServingNode(bench, { rig, models: [planOf('model', 1, { versions: [version] })] })
  const answer = await fetch(`${node.url}/v1/models/model:predict`, {
    method: 'POST',
    body: JSON.stringify({ instances: [setting.row] }),
  })
  const floor = await bench.floor(await answer.text())
  return await compare(bench, setting, { node, floor, load: await bench.load() })
}

interface Servers {
  readonly node: RigNode
  readonly floor: FloorServer
  readonly load: LoadClient
}

async function compare(bench: BenchContext, setting: Setting, servers: Servers): Promise<Finding> {
  const { node, floor, load } = servers
  const request = predictRequest('model', [setting.row])
  const send = (port: number, durationMs: number) =>
    load.closed({ port, request, connections: setting.connections, durationMs })
  await send(floor.port, FLOOR_WARM_UP_MS)
  await send(node.port, WARM_UP_MS)
  const onNode = () => measured(() => send(node.port, ROUND_MS), node.pid, node.processes().map(pidOf))
  const onFloor = () => measured(() => send(floor.port, ROUND_MS), floor.pid, [floor.pid])
  const pairs = await interleave(bench.rounds, { subject: onNode, yardstick: onFloor })
  const samples = setting.figure === 'rate' ? ratios(pairs, rateOf) : ratios(pairs, (one) => one.p50Ms)
  return { id: setting.id, samples, notes: notesOf(pairs) }
}

async function measured(
  send: () => Promise<ClosedResult>,
  frontPid: number,
  pids: readonly number[],
): Promise<Measured> {
  const before = [cpuTimeMs(pids), cpuTimeMs([frontPid])] as const
  const result = await send()
  const requests = result.answered + result.failed
  if (result.failed > 0) throw new Error(`${result.failed} of ${requests} requests failed`)
  return {
    ...result,
    cpuUsPerRequest: ((cpuTimeMs(pids) - before[0]) * 1_000) / requests,
    frontUsPerRequest: ((cpuTimeMs([frontPid]) - before[1]) * 1_000) / requests,
  }
}

function rateOf({ answered, seconds }: ClosedResult): number {
  return answered / seconds
}

function pidOf({ pid }: { readonly pid: number }): number {
  return pid
}

function notesOf(pairs: readonly Pair<Measured>[]): readonly string[] {
  const line = (name: string, side: keyof Pair<Measured>) => {
    const of = (figure: (one: Measured) => number) => median(pairs.map((pair) => figure(pair[side])))
    const rate = Math.round(of(rateOf))
    const latency = `p50 ${of((one) => one.p50Ms).toFixed(2)} ms, p99 ${of((one) => one.p99Ms).toFixed(2)} ms`
    const cpu = `${of((one) => one.cpuUsPerRequest).toFixed(0)} µs CPU a request`
    return `${name}: ${rate} requests/s, ${latency}, ${cpu} (front ${of((one) => one.frontUsPerRequest).toFixed(0)})`
  }
  return [line('node', 'subject'), line('floor', 'yardstick')]
}
