import path from 'node:path'
import { deriveInputKey, type Signature, unsealBytes } from '@understudy/core'
import { World } from '@understudy/db/testing'
import { linearModel, waitFor } from '@understudy/testing'
import { NodeRig } from '@understudy/testing/node-rig'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { captureSubject } from '../src/capture/capture-buffer.ts'
import { decodeInputs } from '../src/capture/input-codec.ts'
import { exampleSubject } from '../src/comparison/sealed-inputs.ts'

const PROJECT = path.resolve(import.meta.dirname, '../../..')
const KEY = deriveInputKey('the secret of this installation')
const MODEL = 'sum'
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}
const CONFIG = `
outputs: {y: {compare: {kind: tolerance, atol: 0.001, rtol: 0}, gate: true}}
rollout:
  shadow: {require: [live, replay], minPairs: 20}
  segments: {header: x-tenant}
  gates:
    latency: {margin: 0.5, sample: 1, overMs: 1000}
    disagreement: {budget: 0.5}
    quality: {output: y, loss: absolute, scale: 10}
privacy:
  storeInputs: true
  capture: {share: 1}
`

let world: World
let rig: NodeRig
let node: Awaited<ReturnType<NodeRig['start']>>

beforeAll(async () => {
  ;[world, rig] = await Promise.all([World.open(), NodeRig.create(PROJECT)])
  node = await start('node-1')
}, 120_000)
afterAll(async () => {
  await rig?.close()
  await world?.close()
})

const start = (name: string) =>
  rig.start({
    name,
    env: {
      ...{ UNDERSTUDY_PLAN_FILE: '', UNDERSTUDY_NODE_NAME: name, LOG_LEVEL: 'debug' },
      ...{ DATABASE_URL: world.databaseUrl, UNDERSTUDY_INPUT_KEY: KEY },
    },
  })
const prisma = () => world.database.prisma

/** Pushes a version whose bytes the node can load. */
async function push(number: number, weights: readonly [number, number]): Promise<void> {
  const files = linearModel({ inputs: 2, outputs: 1, weights: [...weights] })
  const { files: refs } = await rig.version({ number, files, signature: SIGNATURE })
  const [file] = refs
  await world.push(MODEL, number, { config: CONFIG })
  await prisma().$executeRaw`UPDATE version_file SET sha256 = ${file?.sha256}, size_bytes = ${file?.sizeBytes}
    WHERE model = ${MODEL} AND number = ${number} AND path = 'model.onnx'`
  await world.validate(MODEL, number, {
    ...{
      ok: true,
      signature: SIGNATURE,
      batchable: true,
      loadMs: 1,
      memoryBytes: 110_000_000,
      comparisons: {},
    },
  })
}

async function predict(
  requestId: string,
  values: readonly [number, number],
  tenant?: string,
): Promise<unknown> {
  const answer = await fetch(`${node.url}/v1/models/${MODEL}:predict`, {
    method: 'POST',
    headers: { 'understudy-request-id': requestId, ...(tenant === undefined ? {} : { 'x-tenant': tenant }) },
    body: JSON.stringify({ instances: [values] }),
  })
  return answer.json()
}

const reconciled = (what: string, done: () => Promise<boolean>) =>
  waitFor(what, async () => {
    await world.reconcile(MODEL)
    return await done()
  }).catch((error) => {
    throw new Error(`${error}\n${node.output.slice(-3_000)}`)
  })
const counters = (source: string, gate: string) =>
  prisma().evidenceCounter.findMany({ where: { source, gate } })
const counted = async (source: string, gate: string) =>
  (await counters(source, gate)).reduce((sum, row) => sum + Number(row.nPlus + row.nZero + row.nMinus), 0)

it('captures what clients ask, and replays it once for the next version, with run times, segments, minutes and answers on record', async () => {
  await push(1, [1, 1])
  await reconciled(
    'version 1 to answer',
    async () => 'predictions' in ((await predict('warm', [0, 0])) as object),
  )
  await waitFor('live traffic to be captured', async () => {
    await predict(`early-${Math.random()}`, [3, 4])
    return (await prisma().capture.count()) >= 40
  })
  const [kept] = await prisma().capture.findMany({ take: 1, orderBy: { requestId: 'asc' } })
  const opened = unsealBytes(KEY, kept?.body ?? Buffer.of(), captureSubject(MODEL, kept?.requestId ?? ''))
  expect([...(decodeInputs(opened ?? Buffer.of())?.get('x')?.data ?? [])]).toEqual([3, 4])

  await push(2, [1, 1.01])
  await reconciled('the shadow', async () => (await world.rollout(MODEL)).step === 'shadow')
  const early = await prisma().capture.count()
  await waitFor(
    'every captured request to be replayed',
    async () => (await counted('replay', 'errors')) >= 40,
  )
  await waitFor('live pairs', async () => {
    await predict(`live-${Math.random()}`, [30, 40], 'acme')
    return (await counted('live', 'errors')) >= 20
  })

  await waitFor('the names of the replayed', async () => (await prisma().replayedRequest.count()) >= early)
  expect(await counted('replay', 'errors')).toBe(await prisma().replayedRequest.count())
  expect(await counters('replay', 'latency')).not.toEqual([])
  expect(await counters('replay', 'calibration')).not.toEqual([])
  await waitFor('slow runs', async () => (await counted('live', 'slowRuns')) > 0)
  expect(new Set((await counters('live', 'errors')).map(({ segment }) => segment))).toContain('acme')

  const [minute] = await prisma().evidenceMinute.findMany()
  expect(Number(minute?.requests)).toBeGreaterThan(0)
  expect(Number(minute?.sampled)).toBeGreaterThan(0)

  const [example] = await prisma().pairExample.findMany({ where: { kind: 'worst', source: 'live' }, take: 1 })
  expect(JSON.stringify(example?.body)).toMatch(/"inputHash":"[0-9a-f]{64}"/)
  const inputs = unsealBytes(
    KEY,
    example?.inputs ?? Buffer.of(),
    exampleSubject(example?.seriesId ?? '', example?.requestId ?? ''),
  )
  expect(JSON.parse(inputs?.toString() ?? '')).toMatchObject({ x: { values: [30, 40] } })

  const answers = await prisma().keptAnswer.findMany({ where: { requestId: example?.requestId ?? '' } })
  expect(answers.map(({ number, source, step }) => [Number(number), source, step]).sort()).toEqual([
    [1, 'live', 'shadow'],
    [2, 'live', 'shadow'],
  ])
  expect(answers[0]?.answer).toMatchObject({ y: { dtype: 'float32', shape: [1] } })

  for (const secret of [KEY, '3,4']) expect(node.output).not.toContain(secret)
}, 180_000)

/** More than is replayed between two flushes, which are a second apart: the node is killed with a part of them on record. */
const ENOUGH_TO_TAKE_SECONDS = 1_500

it('goes on elsewhere when the node that replays is killed: each request counts once, and none is lost', async () => {
  const second = await start('node-2')
  await waitFor('more captured requests', async () => {
    await Promise.all(Array.from({ length: 50 }, () => predict(`more-${Math.random()}`, [5, 6])))
    return (await prisma().capture.count()) >= ENOUGH_TO_TAKE_SECONDS
  })
  await push(3, [1, 1.02])
  await reconciled('the next shadow', async () => {
    const { step, number } = await world.rollout(MODEL)
    return step === 'shadow' && number === 3
  })
  const rollout = await prisma().rollout.findFirst({ where: { modelName: MODEL, number: 3 } })
  const seriesId = rollout?.seriesId
  if (typeof seriesId !== 'string') throw new Error('the rollout has no series')
  const replayed = () => prisma().replayedRequest.count({ where: { seriesId } })
  await waitFor('some to be replayed', async () => (await replayed()) > 10)
  const claim = await prisma().replayClaim.findUnique({ where: { seriesId } })
  const holder = await prisma().node.findUnique({ where: { incarnation: claim?.incarnation ?? '' } })
  const [killed, other] = holder?.name === 'node-1' ? [node, second] : [second, node]
  process.kill(killed.pid, 'SIGKILL')
  await killed.exit
  const atDeath = await replayed()
  const all = await prisma().capture.count()
  expect(atDeath).toBeLessThan(all)
  node = other
  await waitFor('the rest to be replayed', async () => (await replayed()) >= all, { timeoutMs: 60_000 })
  const rows = await prisma().evidenceCounter.findMany({
    where: { seriesId, source: 'replay', gate: 'errors' },
  })
  expect(new Set(rows.map(({ incarnation }) => incarnation)).size).toBe(2)
  expect(rows.reduce((sum, row) => sum + Number(row.nPlus + row.nZero + row.nMinus), 0)).toBe(
    await replayed(),
  )
}, 180_000)
