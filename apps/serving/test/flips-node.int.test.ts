import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Signature } from '@understudy/core'
import { analysisOf } from '@understudy/db'
import { World } from '@understudy/db/testing'
import { linearModel, waitFor } from '@understudy/testing'
import { NodeRig } from '@understudy/testing/node-rig'
import { afterAll, beforeAll, expect, it } from 'vitest'

const PROJECT = path.resolve(import.meta.dirname, '../../..')
const MODEL = 'risk'
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}
/** The output is shown only, as floats are by default. */
const CONFIG = `
outputs: {y: {compare: {kind: threshold, at: 1}}}
rollout: {shadow: {minPairs: 100000}, gates: {disagreement: {budget: 0.5}}}
`
/** Version 1 answers x + y, version 2 x - y. */
const WEIGHTS = { 1: [1, 1], 2: [1, -1] } as const
const UP = [1, -1] as const
const DOWN = [0, 1] as const
const NEITHER = [5, 1] as const

let world: World
let rig: NodeRig
let node: Awaited<ReturnType<NodeRig['start']>>

beforeAll(async () => {
  ;[world, rig] = await Promise.all([World.open(), NodeRig.create(PROJECT)])
  node = await rig.start({
    name: 'node-1',
    env: {
      ...{ UNDERSTUDY_PLAN_FILE: '', UNDERSTUDY_NODE_NAME: 'node-1' },
      DATABASE_URL: world.databaseUrl,
    },
  })
}, 120_000)
afterAll(async () => {
  await rig?.close()
  await world?.close()
})

const prisma = () => world.database.prisma

/** Pushes a version whose bytes the node can load. */
async function push(number: 1 | 2): Promise<void> {
  const files = linearModel({ inputs: 2, outputs: 1, weights: [...WEIGHTS[number]] })
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

async function predict(...rows: readonly (readonly [number, number])[]): Promise<object> {
  const answer = await fetch(`${node.url}/v1/models/${MODEL}:predict`, {
    method: 'POST',
    body: JSON.stringify({ instances: rows }),
  })
  return (await answer.json()) as object
}

const reconciled = (what: string, done: () => Promise<boolean>) =>
  waitFor(what, async () => {
    await world.reconcile(MODEL)
    return await done()
  }).catch((error) => {
    throw new Error(`${error}\n${node.output.slice(-3_000)}`)
  })

async function countedOf(gate: string) {
  const rows = await prisma().evidenceCounter.findMany({ where: { gate } })
  const sum = (of: (row: (typeof rows)[number]) => bigint) =>
    rows.reduce((total, row) => total + Number(of(row)), 0)
  return { nPlus: sum((row) => row.nPlus), nZero: sum((row) => row.nZero), nMinus: sum((row) => row.nMinus) }
}

it('a node counts which way rows of a real model went over a threshold, one of each request, and its disagreement is their sum', async () => {
  await push(1)
  await reconciled('version 1 to answer', async () => 'predictions' in (await predict(NEITHER)))
  await push(2)
  await reconciled('the shadow', async () => (await world.rollout(MODEL)).step === 'shadow')
  await waitFor('flips both ways and rows that stayed', async () => {
    await Promise.all([predict(UP, UP, UP), predict(DOWN), predict(NEITHER, NEITHER)])
    const { nPlus, nZero, nMinus } = await countedOf('flips')
    return nPlus >= 5 && nZero >= 5 && nMinus >= 5
  })
  await waitFor('the last flush, in which every request is one row that was compared', async () => {
    const [flips, disagreement] = [await countedOf('flips'), await countedOf('disagreement')]
    const [loss] = await prisma().evidenceLoss.findMany()
    const both = { nPlus: flips.nPlus + flips.nMinus, nZero: flips.nZero, nMinus: 0 }
    const compared = Number(loss?.admitted) - Number(loss?.lost)
    return both.nPlus + both.nZero === compared && isDeepStrictEqual(disagreement, both)
  })
  const analysis = analysisOf(await world.record(MODEL), await world.rollout(MODEL))
  expect(analysis?.flips).toMatchObject([{ source: 'live', output: 'y' }])
  expect(analysis?.gates.find(({ gate }) => gate === 'disagreement')).toMatchObject({ decides: false })
}, 180_000)
