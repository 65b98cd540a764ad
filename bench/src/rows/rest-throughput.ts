import type { RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import type { ForkedServer } from '../floor/forked-server.ts'
import type { LoadClient } from '../load/load-client.ts'
import {
  binaryInferCall,
  type HttpCall,
  predictCall,
  requestBytes,
  sendCall,
} from '../load/predict-request.ts'
import { measured, processesOf, rateOf, sideNotes } from '../measured.ts'
import { type BenchModel, pixelModel, pixels, TINY_ROW, tinyModel } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave, ratios } from '../stats/interleave.ts'

/** Of the node: until V8 has optimised the path, which takes some hundred thousand requests, */
const WARM_UP_MS = 6_000
const FLOOR_WARM_UP_MS = 1_500
/** more than one connection brings about in that time. Those that are measured follow. */
const WARM_UP_CONNECTIONS = 32
const TURN_MS = 250
/** Short and many: the machine's speed changes within seconds. */
const TURNS_PER_ROUND = 4

interface Setting {
  readonly id: string
  readonly model: () => BenchModel
  readonly call: HttpCall
  readonly connections: number
  readonly figure: 'rate' | 'p50'
}

const TINY = { model: tinyModel, call: predictCall('model', [TINY_ROW]) } as const

const SETTINGS: readonly Setting[] = [
  { id: '1', ...TINY, connections: 32, figure: 'rate' },
  { id: '2', ...TINY, connections: 128, figure: 'rate' },
  { id: '3', ...TINY, connections: 1, figure: 'p50' },
  { id: '4', model: pixelModel, call: predictCall('model', [pixels()]), connections: 32, figure: 'rate' },
  { id: '5', model: pixelModel, call: binaryInferCall('model', pixels()), connections: 32, figure: 'rate' },
]

/** REST against what Node's HTTP stack allows on the same machine at the same time. */
export const REST_THROUGHPUT: readonly Row[] = SETTINGS.map((setting) => ({
  ids: [setting.id],
  run: async (bench) => [await measure(bench, setting)],
}))

async function measure(bench: BenchContext, setting: Setting): Promise<Finding> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...setting.model() })
  const node = await startServingNode(bench, { rig, models: [planOf('model', 1, { versions: [version] })] })
  const answer = await sendCall(node.url, setting.call)
  const body = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok) throw new Error(`the node answered ${answer.status}: ${body.toString().slice(0, 200)}`)
  const floor = await bench.floor(body, answer.headers.get('content-type') ?? undefined)
  return await compare(bench, setting, { node, floor, load: await bench.load() })
}

interface Servers {
  readonly node: RigNode
  readonly floor: ForkedServer
  readonly load: LoadClient
}

async function compare(bench: BenchContext, setting: Setting, servers: Servers): Promise<Finding> {
  const { node, floor, load } = servers
  const request = requestBytes(setting.call)
  const send = (port: number, durationMs: number, connections = setting.connections) =>
    load.closed({ port, request, connections, durationMs })
  await send(floor.port, FLOOR_WARM_UP_MS, WARM_UP_CONNECTIONS)
  await send(node.port, WARM_UP_MS, WARM_UP_CONNECTIONS)
  for (const { port } of [floor, node]) await send(port, FLOOR_WARM_UP_MS)
  const pairs = await interleave(bench.rounds * TURNS_PER_ROUND, {
    subject: () => measured(processesOf(node), () => send(node.port, TURN_MS)),
    yardstick: () => measured(floor.processes, () => send(floor.port, TURN_MS)),
  })
  const samples = setting.figure === 'rate' ? ratios(pairs, rateOf) : ratios(pairs, (one) => one.p50Ms)
  return { id: setting.id, samples, notes: sideNotes(pairs, { subject: 'node', yardstick: 'floor' }) }
}
