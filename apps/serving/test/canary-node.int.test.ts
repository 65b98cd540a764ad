import { execFileSync } from 'node:child_process'
import path from 'node:path'
import {
  type MirrorPlan,
  type ModelPlan,
  type PlannedVersion,
  SERVED_BY_HEADERS,
  STICKY_KEY_HEADER,
} from '@understudy/core'
import { linearModel, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { floatsOf, GrpcTestClient, halfInput } from './grpc-fixture.ts'

const app = path.resolve(import.meta.dirname, '..')
const SHADOW: MirrorPlan = {
  ...{ rolloutId: 'r', seriesId: 's', step: 'shadow', baseline: 1, candidate: 2, sample: 1 },
  ...{ candidateShare: 0, latency: null, segmentHeader: null, keepAnswers: false, replay: false },
  ...{ storeInputs: false, traceparent: null },
  compare: { y: { compare: { kind: 'equal' }, gate: true } },
}
const CANARY: MirrorPlan = { ...SHADOW, step: 'canary-50', candidateShare: 0.5 }
const BAKE: MirrorPlan = { ...SHADOW, step: 'bake', candidateShare: 1 }

let rig: NodeRig
let node: RigNode
let client: GrpcTestClient
let versions: readonly PlannedVersion[]

beforeAll(async () => {
  // What a user builds.
  for (const cwd of [path.join(app, '../../packages/onnx'), app]) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd })
  }
  rig = await NodeRig.create(path.join(app, '../..'))
  // Version `n` answers `n` times the sum of its row.
  versions = await Promise.all(
    [1, 2].map((number) =>
      rig.version({
        number,
        files: linearModel({ inputs: 2, outputs: 1, weights: [number, number] }),
        // Every executor is killed here, the spare too: a busy machine may take its time to start others.
        runtime: { timeoutMs: 30_000 },
        signature: {
          inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
          outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
        },
      }),
    ),
  )
  node = await rig.start({ models: [plan(1, CANARY, 1)] })
  for (const number of [1, 2]) await node.untilAvailable('sum', number)
  client = new GrpcTestClient(node.grpcPort)
})

afterAll(async () => {
  client?.close()
  await rig?.close()
})

function plan(generation: number, mirror: MirrorPlan, live: number): ModelPlan {
  const labels: Record<string, number> = live === 1 ? { live, canary: 2 } : { live, previous: 1 }
  return { ...{ model: 'sum', generation, versions, labels, mirror }, capture: null, keepAnswersShare: 0 }
}

interface Answer {
  readonly version: string | null
  readonly variant: string | null
  readonly sum: number | undefined
}

async function post(route: string, body: unknown, key: string): Promise<{ answer: Response; json: unknown }> {
  const headers = { 'content-type': 'application/json', [STICKY_KEY_HEADER]: key }
  const answer = await fetch(`${node.url}${route}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`)
  return { answer, json: JSON.parse(text) }
}

function toldBy({ headers }: Response, sum: number | undefined): Answer {
  return {
    version: headers.get(SERVED_BY_HEADERS.version),
    variant: headers.get(SERVED_BY_HEADERS.variant),
    sum,
  }
}

const FRONTS: Readonly<Record<string, (key: string) => Promise<Answer>>> = {
  'TF Serving REST': async (key) => {
    const { answer, json } = await post('/v1/models/sum:predict', { instances: [[1, 2]] }, key)
    return toldBy(answer, (json as { predictions: number[][] }).predictions[0]?.[0])
  },
  'OIP REST': async (key) => {
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }]
    const { answer, json } = await post('/v2/models/sum/infer', { inputs }, key)
    return toldBy(answer, (json as { outputs: { data: number[] }[] }).outputs[0]?.data[0])
  },
  tRPC: async (key) => {
    const { answer, json } = await post('/trpc/predict', { model: 'sum', inputs: { x: [[1, 2]] } }, key)
    const { data } = (json as { result: { data: { servedBy: { version: number; variant: string } } } }).result
    expect(toldBy(answer, undefined)).toMatchObject({
      version: `${data.servedBy.version}`,
      variant: data.servedBy.variant,
    })
    return toldBy(answer, 3 * data.servedBy.version)
  },
  'OIP gRPC': async (key) => {
    const request = halfInput([1, 2])
    const inputs = request.inputs?.map((input) => ({ ...input, shape: [1n, 2n] }))
    const metadata = { [STICKY_KEY_HEADER]: key }
    const asked = await client.infer({ ...request, modelName: 'sum', inputs }, { metadata })
    const told = asked.metadata.getMap()
    return {
      version: `${told[SERVED_BY_HEADERS.version]}`,
      variant: `${told[SERVED_BY_HEADERS.variant]}`,
      sum: floatsOf(asked.message.rawOutputContents[0])[0],
    }
  },
}

it('keeps a key with one version over every front, and each answer says whose it is', async () => {
  const byKey = new Map<string, ReadonlySet<string>>()
  for (let number = 0; number < 12; number += 1) {
    const key = `user-${number}`
    const answers = await Promise.all(Object.values(FRONTS).map((ask) => ask(key)))
    for (const { version, variant, sum } of answers) {
      expect(sum).toBe(3 * Number(version))
      expect(variant).toBe(version === '2' ? 'canary' : 'live')
    }
    byKey.set(key, new Set(answers.map(({ version }) => version ?? '')))
  }
  expect([...byKey.values()].every(({ size }) => size === 1)).toBe(true)
  expect(new Set([...byKey.values()].flatMap((seen) => [...seen]))).toEqual(new Set(['1', '2']))
})

it('lets no client see the processes of the models end, in canary and in bake', async () => {
  const ask = FRONTS['TF Serving REST']
  if (ask === undefined) throw new Error('There is no such front.')
  const outcomes: (Answer | string)[] = []
  let isOver = false
  const clients = Array.from({ length: 4 }, async (_, number) => {
    for (let turn = 0; !isOver; turn += 1) {
      outcomes.push(await ask(`user-${number}-${turn}`).catch((error: unknown) => String(error)))
    }
  })
  const more = async (count: number) => {
    const from = outcomes.length
    await waitFor('more answers', () => outcomes.length >= from + count || undefined, { timeoutMs: 30_000 })
  }
  await more(20)
  const executors = node.executors()
  expect(executors.length).toBeGreaterThan(1)
  const starter = node.processes().find(({ commandLine }) => commandLine.includes('starter/main.mjs'))
  for (const { pid, parentPid } of executors) expect([pid, parentPid]).toEqual([pid, starter?.pid])
  for (const { pid } of [...executors, ...(starter ? [starter] : [])]) process.kill(pid, 'SIGKILL')
  await more(40)
  await node.setPlan([plan(2, BAKE, 2)])
  await node.untilGeneration('sum', 2)
  await more(20)
  await node.setPlan([plan(3, { ...CANARY, rolloutId: 'r2', seriesId: 's2' }, 1)])
  await node.untilGeneration('sum', 3)
  await more(20)
  isOver = true
  await Promise.all(clients)
  const failed = outcomes.filter((one) => typeof one === 'string' || one.sum !== 3 * Number(one.version))
  expect(failed).toEqual([])
})
