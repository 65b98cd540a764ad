import type { ModelPlan } from '@understudy/core'
import type { RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { AUTHORIZATION } from '../bench-key.ts'
import { GRPC_METHODS, type GrpcMethod, grpcRequest } from '../echo/grpc-messages.ts'
import { callOnce } from '../load/calls-loop.ts'
import type { LoadClient } from '../load/load-client.ts'
import { type Measured, measured, processesOf, sideNotes } from '../measured.ts'
import { pixelModel, pixels, TINY_ROW, tinyModel } from '../models.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'
import { interleave, type Pair, ratios } from '../stats/interleave.ts'
import { median } from '../stats/quantile.ts'

const WARM_UP_MS = 9_000
const ECHO_WARM_UP_MS = 4_000
const TURN_MS = 500
/** Short and many, for the machine's moods. */
const TURNS_PER_ROUND = 2
const CALLS = 32

const SETTINGS: readonly { readonly id: string; readonly method: GrpcMethod }[] = [
  { id: '7', method: 'oip' },
  { id: '7b', method: 'tfs' },
]

/** Sizes of a message: the small one, of which a call's own cost is the largest part, gives the figure; the other one is told. */
const SIZES = {
  tiny: { model: tinyModel, row: TINY_ROW },
  wide: { model: pixelModel, row: pixels() },
} as const

type Size = keyof typeof SIZES
type Pairs = readonly Pair<Measured>[]

/**
 * CPU time that a unary prediction costs the process that holds the sockets, against a server of the same library that reads the same
 * message and answers the same bytes. The model's run is no part of it on either side: it happens in another process, told beside.
 */
export const GRPC_COST: readonly Row[] = SETTINGS.map(({ id, method }) => ({
  ids: [id],
  limitMs: 150_000,
  run: async (bench) => {
    const rig = await bench.rig()
    const models: ModelPlan[] = []
    for (const [name, { model }] of Object.entries(SIZES)) {
      models.push(planOf(name, 1, { versions: [await rig.version({ number: 1, ...model() })] }))
    }
    const node = await startServingNode(bench, { rig, models })
    const load = await bench.load()
    const tiny = await measure(bench, { node, load, method, size: 'tiny' })
    const wide = await measure(bench, { node, load, method, size: 'wide' })
    return [findingOf(id, tiny, wide)]
  },
}))

interface Side {
  readonly node: RigNode
  readonly load: LoadClient
  readonly method: GrpcMethod
  readonly size: Size
}

async function measure(bench: BenchContext, { node, load, method, size }: Side): Promise<Pairs> {
  const message = grpcRequest(method, size, SIZES[size].row)
  const call = { path: GRPC_METHODS[method].path, message, authorization: AUTHORIZATION }
  const echo = await bench.echo(method, await callOnce({ ...call, port: node.grpcPort }))
  const send = (port: number, durationMs: number) => load.calls({ ...call, port, calls: CALLS, durationMs })
  await send(echo.port, ECHO_WARM_UP_MS)
  await send(node.grpcPort, WARM_UP_MS)
  return await interleave(bench.rounds * TURNS_PER_ROUND, {
    subject: () => measured(processesOf(node), () => send(node.grpcPort, TURN_MS)),
    yardstick: () => measured(echo.processes, () => send(echo.port, TURN_MS)),
  })
}

function findingOf(id: string, tiny: Pairs, wide: Pairs): Finding {
  const costs = (pairs: Pairs) => ratios(pairs, (one) => one.frontUsPerRequest)
  const ofExecutors = tiny.map(({ subject }) => subject.cpuUsPerRequest - subject.frontUsPerRequest)
  const names = { subject: 'node', yardstick: 'echo' }
  return {
    id,
    samples: costs(tiny),
    notes: [
      ...sideNotes(tiny, names),
      `executors: ${median(ofExecutors).toFixed(0)} µs a call, which do not count`,
      ...sideNotes(wide, names).map((note) => `784 floats, ${median(costs(wide)).toFixed(2)}: ${note}`),
    ],
  }
}
