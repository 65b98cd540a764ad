import { deriveInputKey } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RecordedRig } from '../test/recorded-rig.ts'

const MODEL = 'sum'
const KEY = { UNDERSTUDY_INPUT_KEY: deriveInputKey('the secret of this installation') }
const CONFIG = `
outputs: {y: {compare: {kind: tolerance, atol: 0.001, rtol: 0}, gate: true}}
rollout:
  shadow: {require: [live, replay], minPairs: 20}
  gates: {disagreement: {budget: 0.5}}
privacy: {storeInputs: true, capture: {share: 1}}
`
/** More than is replayed between two flushes, which are a second apart: the node is killed with a part of them on record. */
const ENOUGH_TO_TAKE_SECONDS = 1_500

let rig: RecordedRig

beforeAll(async () => {
  rig = await RecordedRig.open(MODEL, CONFIG)
})
afterAll(() => rig?.close())

describe('a replay whose node is killed', () => {
  it('goes on elsewhere: each request counts once, and none is lost', async () => {
    const { prisma } = rig
    const nodes = [await rig.start('node-1', KEY), await rig.start('node-2', KEY)] as const
    await rig.push(1, [1, 1])
    await rig.answered(nodes[0])
    await waitFor('requests to be captured', async () => {
      const requests = Array.from({ length: 50 }, () => rig.predict(nodes[0], [[5, 6]]))
      await Promise.all(requests)
      return (await prisma.capture.count()) >= ENOUGH_TO_TAKE_SECONDS
    })
    await rig.push(2, [1, 1.02])
    await rig.untilShadow(2)
    const { seriesId } = await prisma.rollout.findFirstOrThrow({ where: { modelName: MODEL, number: 2 } })
    if (seriesId === null) throw new Error('the rollout has no series')
    const replayed = () => prisma.replayedRequest.count({ where: { seriesId } })
    await waitFor('some to be replayed', async () => (await replayed()) > 10)
    const claim = await prisma.replayClaim.findUniqueOrThrow({ where: { seriesId } })
    const holder = await prisma.node.findUniqueOrThrow({ where: { incarnation: claim.incarnation } })
    const killed = nodes[holder.name === 'node-1' ? 0 : 1]
    process.kill(killed.pid, 'SIGKILL')
    await killed.exit
    const atDeath = await replayed()
    const all = await prisma.capture.count()
    expect(atDeath).toBeLessThan(all)
    await waitFor('the rest to be replayed', async () => (await replayed()) >= all, { timeoutMs: 60_000 })
    const rows = await prisma.evidenceCounter.findMany({
      where: { seriesId, source: 'replay', gate: 'errors' },
    })
    expect(new Set(rows.map(({ incarnation }) => incarnation)).size).toBe(2)
    const counted = rows.reduce((sum, row) => sum + Number(row.nPlus + row.nZero + row.nMinus), 0)
    expect(counted).toBe(await replayed())
  })
})
