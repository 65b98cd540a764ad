import path from 'node:path'
import type { Signature } from '@understudy/core'
import { loadOutcomeCoverage, loadQualityCurve, scoreOutcomes } from '@understudy/db'
import { World } from '@understudy/db/testing'
import { linearModel, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

const MODEL = 'sum'
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}
const CONFIG = `
outputs: {y: {compare: {kind: tolerance, atol: 0.001, rtol: 0}, gate: true}}
rollout:
  gates: {quality: {output: y, loss: absolute, scale: 10, margin: 0.05, optional: false}}
`
const PREDICTIONS = 60

let world: World
let rig: NodeRig
let node: RigNode

beforeAll(async () => {
  ;[world, rig] = await Promise.all([
    World.open(),
    NodeRig.create(path.resolve(import.meta.dirname, '../../..')),
  ])
  node = await rig.start({ env: { UNDERSTUDY_PLAN_FILE: '', DATABASE_URL: world.databaseUrl } })
}, 120_000)
afterAll(async () => {
  await rig?.close()
  await world?.close()
})

const post = async (route: string, body: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(node.url + route, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as Readonly<Record<string, unknown>>
}
const predict = (requestId: string, ...rows: readonly (readonly [number, number])[]) =>
  post(`/v1/models/${MODEL}:predict`, { instances: rows }, { 'understudy-request-id': requestId })

/** Pushes a version whose bytes the node can load. */
async function push(number: number, weights: readonly [number, number]): Promise<void> {
  const { prisma } = world.database
  const files = linearModel({ inputs: 2, outputs: 1, weights: [...weights] })
  const { files: refs } = await rig.version({ number, files, signature: SIGNATURE })
  const [file] = refs
  await world.push(MODEL, number, { config: CONFIG })
  await prisma.$executeRaw`UPDATE version_file SET sha256 = ${file?.sha256}, size_bytes = ${file?.sizeBytes}
    WHERE model = ${MODEL} AND number = ${number} AND path = 'model.onnx'`
  const measured = { batchable: true, loadMs: 1, memoryBytes: 110_000_000, comparisons: {} }
  await world.validate(MODEL, number, { ok: true, signature: SIGNATURE, ...measured })
}

const reconciled = (what: string, done: () => Promise<boolean>) =>
  waitFor(what, async () => {
    await world.reconcile(MODEL)
    return await done()
  }).catch((error) => {
    throw new Error(`${error}\n${node.output.slice(-3_000)}`)
  })

async function scoreAll(): Promise<number> {
  let pairs = 0
  for (;;) {
    const found = await world.database.transaction((tx) => scoreOutcomes(tx, MODEL))
    pairs += found.pairs
    if (!found.more) return pairs
  }
}

it('judges a better version by what turned out to be true, from the answers that a node kept to the evidence of its rollout', async () => {
  await push(1, [1, 1])
  await reconciled('version 1 to answer', async () => 'predictions' in (await predict('warm', [0, 0])))
  // The truth is x + 2y: the live version is wrong by y, the new one right.
  await push(2, [1, 2])
  await reconciled('the shadow', async () => (await world.rollout(MODEL)).step === 'shadow')
  const { evidence } = await world.rollout(MODEL)
  const seriesId = evidence?.seriesId ?? ''

  // Reported before anything is kept, as well as afterwards.
  const outcome = (id: number, row: number) => ({
    ...{ model: MODEL, requestId: `r-${id}`, row, value: id + 2 * (row + 1) },
  })
  const [early, late] = [0, 1].map((half) =>
    Array.from({ length: PREDICTIONS }, (_, id) => id)
      .filter((id) => id % 2 === half)
      .flatMap((id) => [outcome(id, 0), outcome(id, 1)]),
  )
  const told = await post('/v1/outcomes', { outcomes: early })
  expect(told.results).toEqual(new Array(PREDICTIONS).fill({ status: 'recorded' }))
  await scoreAll()
  let taken = 0
  await waitFor('pairs to be mirrored', async () => {
    if (taken < PREDICTIONS) await predict(`r-${taken}`, [taken, 1], [taken, 2])
    taken += 1
    const kept = await world.database.prisma.keptAnswer.count({ where: { seriesId } })
    return taken >= PREDICTIONS && kept >= PREDICTIONS
  })
  await post('/v1/outcomes', { outcomes: late })

  // Answers still come in: what is compared below is of one moment at which they agree.
  const { both, histogram, coverage } = await waitFor('every kept pair to be scored', async () => {
    await scoreAll()
    const both = await world.database.prisma.outcomePair.count({ where: { seriesId } })
    const [histogram] = (await world.rollout(MODEL)).evidence?.histograms ?? []
    const coverage = await world.database.snapshot((tx) =>
      loadOutcomeCoverage(tx, { model: MODEL, seriesId }),
    )
    const answers = await world.database.prisma.keptAnswer.count({ where: { seriesId } })
    return both > 0 && both * 2 === answers && coverage?.scored === both
      ? { both, histogram, coverage }
      : undefined
  })
  expect(histogram).toMatchObject({ source: 'live', step: 'shadow', gate: 'quality', property: 'loss' })
  // Of each request one row counts; the live version is wrong by 1 or 2 of 10 there.
  expect(histogram?.bins.reduce((sum, [, count]) => sum + count, 0)).toBe(both)
  for (const [bin] of histogram?.bins ?? []) expect([79, 80, 81, 89, 90, 91]).toContain(bin)

  expect(coverage).toMatchObject({ kept: both, reported: both, scored: both, share: 1, warning: null })
  const curve = await world.database.snapshot((tx) => loadQualityCurve(tx, MODEL))
  expect(curve?.versions.map(({ number }) => number)).toEqual([2, 1])
  expect(curve?.versions[0]?.days.at(-1)?.meanLoss).toBeCloseTo(0, 5)
  expect(curve?.versions[1]?.days.at(-1)?.meanLoss).toBeGreaterThan(0.09)
}, 180_000)
