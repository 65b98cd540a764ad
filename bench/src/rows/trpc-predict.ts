import type { BenchContext } from '../bench-context.ts'
import {
  FETCH_HEADERS,
  type HttpCall,
  predictCall,
  requestBytes,
  sendCall,
  trpcPredictCall,
} from '../load/predict-request.ts'
import { measured, processesOf, rateOf, sideNotes } from '../measured.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave, ratios } from '../stats/interleave.ts'

/** Of either path. */
const WARM_UP_MS = 4_000
const TURN_MS = 250
const TURNS_PER_ROUND = 4
const CONNECTIONS = 32

/** The same prediction of the same node by tRPC, on the wire of its `httpLink`, and by REST, both as Node's `fetch` sends them. */
export const TRPC_PREDICT: Row = {
  ids: ['6'],
  run: async (bench) => [await measure(bench)],
}

async function measure(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const version = await rig.version({ number: 1, ...tinyModel() })
  const node = await startServingNode(bench, { rig, models: [planOf('model', 1, { versions: [version] })] })
  const load = await bench.load()
  const path = async (call: HttpCall) => {
    const answer = await sendCall(node.url, call)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${call.path} answered ${answer.status}: ${text.slice(0, 200)}`)
    const order = { port: node.port, request: requestBytes(call), connections: CONNECTIONS }
    await load.closed({ ...order, durationMs: WARM_UP_MS })
    return () => measured(processesOf(node), () => load.closed({ ...order, durationMs: TURN_MS }))
  }
  const subject = await path(trpcPredictCall('model', [TINY_ROW]))
  const yardstick = await path({
    ...predictCall('model', [TINY_ROW]),
    headers: FETCH_HEADERS,
  })
  const pairs = await interleave(bench.rounds * TURNS_PER_ROUND, { subject, yardstick })
  const notes = sideNotes(pairs, { subject: 'tRPC', yardstick: 'REST' })
  return { id: '6', samples: ratios(pairs, rateOf), notes }
}
