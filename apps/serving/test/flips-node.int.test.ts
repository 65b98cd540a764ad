import { isDeepStrictEqual } from 'node:util'
import { analysisOf } from '@understudy/db'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Pair, type RecordedNode, RecordedRig } from './recorded-rig.ts'

const MODEL = 'risk'
/** The output is shown only, as floats are by default. */
const CONFIG = `
outputs: {y: {compare: {kind: threshold, at: 1}}}
rollout: {shadow: {minPairs: 100000}, gates: {disagreement: {budget: 0.5}}}
`
/** Rows for x + y of version 1 and x - y of version 2: from 0 to 2, from 1 to -1, and from 6 to 4. */
const UP = [1, -1] as const
const DOWN = [0, 1] as const
const NEITHER = [5, 1] as const

let rig: RecordedRig
let node: RecordedNode

beforeAll(async () => {
  rig = await RecordedRig.open(MODEL, CONFIG)
  node = await rig.start('node-1')
}, 120_000)
afterAll(() => rig?.close())

const predict = (...rows: readonly Pair[]) => rig.predict(node, rows)

async function countedOf(gate: string) {
  const rows = await rig.prisma.evidenceCounter.findMany({ where: { gate } })
  const sum = (of: (row: (typeof rows)[number]) => bigint) =>
    rows.reduce((total, row) => total + Number(of(row)), 0)
  return { nPlus: sum((row) => row.nPlus), nZero: sum((row) => row.nZero), nMinus: sum((row) => row.nMinus) }
}

it('a node counts which way rows of a real model went over a threshold, one of each request, and its disagreement is their sum', async () => {
  await rig.push(1, [1, 1])
  await rig.answered(node)
  await rig.push(2, [1, -1])
  await rig.untilShadow(2)
  await waitFor('flips both ways and rows that stayed', async () => {
    await Promise.all([predict(UP, UP, UP), predict(DOWN), predict(NEITHER, NEITHER)])
    const { nPlus, nZero, nMinus } = await countedOf('flips')
    return nPlus >= 5 && nZero >= 5 && nMinus >= 5
  })
  await waitFor('the last flush, in which every request is one row that was compared', async () => {
    const [flips, disagreement] = [await countedOf('flips'), await countedOf('disagreement')]
    const [loss] = await rig.prisma.evidenceLoss.findMany()
    const both = { nPlus: flips.nPlus + flips.nMinus, nZero: flips.nZero, nMinus: 0 }
    const compared = Number(loss?.admitted) - Number(loss?.lost)
    return both.nPlus + both.nZero === compared && isDeepStrictEqual(disagreement, both)
  })
  const analysis = analysisOf(await rig.world.record(MODEL), await rig.world.rollout(MODEL))
  expect(analysis?.flips).toMatchObject([{ source: 'live', output: 'y' }])
  expect(analysis?.gates.find(({ gate }) => gate === 'disagreement')).toMatchObject({ decides: false })
}, 180_000)
