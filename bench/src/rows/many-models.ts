import type { ModelPlan } from '@understudy/core'
import { memoryUse, type NodeRig, type RigNode, waitFor } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { predictCall, sendCall } from '../load/predict-request.ts'
import { TINY_ROW, tinyModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'

const MB = 1e6
const MODELS = 1_000
const PROBE = 20
/** More than this each is a process each: a thousand would not fit on the machine, so the probe alone says so. */
const PROBE_MB_MAX = 20
const COLD = 21

/** Many small models on one node, and the first request to one that is not loaded. */
export const MANY_MODELS: Row = {
  ids: ['17', '17b'],
  limitMs: 180_000,
  run: async (bench) => {
    const rig = await bench.rig()
    const resident = await plans(rig, { count: MODELS, resident: true })
    const onDemand = await plans(rig, { count: COLD, resident: false })
    const node = await startServingNode(bench, {
      rig,
      models: [],
      env: { UNDERSTUDY_MODEL_MEMORY_MIB: '16384' },
    })
    const memoryFinding = await memory(node, resident)
    await node.end()
    return [memoryFinding, await coldRequests(bench, rig, onDemand)]
  },
}

/** All have other bytes. */
async function plans(
  rig: NodeRig,
  { count, resident }: { readonly count: number; readonly resident: boolean },
): Promise<readonly ModelPlan[]> {
  const models: ModelPlan[] = []
  for (let index = 0; index < count; index++) {
    const runtime = { resident, timeoutMs: 30_000 }
    const version = await rig.version({ number: 1, ...tinyModel(index + (resident ? 1 : 10_000)), runtime })
    models.push(planOf(`${resident ? 'm' : 'cold'}-${index}`, 1, { versions: [version] }))
  }
  return models
}

async function memory(node: RigNode, models: readonly ModelPlan[]): Promise<Finding> {
  const emptyBytes = pss(node)
  const emptyFrontBytes = frontPss(node)
  const hold = async (count: number): Promise<number> => {
    const held = models.slice(0, count)
    await node.setPlan(held)
    for (const { model } of held) await node.untilAvailable(model, 1, { timeoutMs: 120_000 })
    return (pss(node) - emptyBytes) / count / MB
  }
  const probeMb = await hold(PROBE)
  if (probeMb > PROBE_MB_MAX) {
    await node.setPlan([])
    const notes = [
      `with ${PROBE} models only: ${MODELS} would take ${((probeMb * MODELS) / 1_000).toFixed(0)} GB`,
    ]
    return { id: '17', samples: [probeMb], notes }
  }
  const beganMs = monotonicMs()
  const value = await hold(MODELS)
  const notes = [
    `${(value * MODELS).toFixed(0)} MB for ${MODELS} models, ${((frontPss(node) - emptyFrontBytes) / MB).toFixed(0)} of them in the front, over ${(emptyBytes / MB).toFixed(0)} MB of the empty node, ` +
      `${node.executors().length} executors, loaded in ${((monotonicMs() - beganMs) / 1_000).toFixed(1)} s`,
  ]
  return { id: '17', samples: [value], notes }
}

function pss(node: RigNode): number {
  return memoryUse(node.processes().map(({ pid }) => pid)).pssBytes
}

function frontPss({ pid }: RigNode): number {
  return memoryUse([pid]).pssBytes
}

/** On a node of its own that plans nothing else. */
async function coldRequests(
  bench: BenchContext,
  rig: NodeRig,
  models: readonly ModelPlan[],
): Promise<Finding> {
  const node = await startServingNode(bench, { rig, name: 'cold', models, untilLive: false })
  const [first, ...rest] = models.map(({ model }) => model)
  // The first one also pays for connections of this process, and for the start of the node.
  await waitFor(`${first} to answer`, async () => (await predict(node, first)).ok)
  const samples: number[] = []
  for (const model of rest) {
    const beganMs = performance.now()
    const { ok, text } = await predict(node, model)
    samples.push(performance.now() - beganMs)
    if (!ok) return { id: '17b', samples: [], reason: `${model}: ${text.slice(0, 200)}` }
  }
  return { id: '17b', samples }
}

async function predict(node: RigNode, model = ''): Promise<{ readonly ok: boolean; readonly text: string }> {
  const answer = await sendCall(node.url, predictCall(model, [TINY_ROW]), AbortSignal.timeout(30_000))
  return { ok: answer.ok, text: `${answer.status} ${await answer.text()}` }
}
