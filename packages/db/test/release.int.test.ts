import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readRelease, reconcileModelOnce, rollback } from '../src/index.ts'
import { dyingTx, POWER_CUT } from './support/dying-tx.ts'
import type { FakeNode, World } from './support/index.ts'
import { ADA, CLEAN, Rollouts } from './support/rollouts.ts'

let rollouts: Rollouts
let world: World
let node: FakeNode
/** Two models that go live together; version 1 of both is live, version 2 of both is in its shadow. */
let first = ''
let second = ''

beforeAll(async () => {
  rollouts = await Rollouts.open()
  ;({ world, node } = rollouts)
})
afterAll(() => rollouts.close())
beforeEach(async () => {
  first = rollouts.nextModel()
  second = rollouts.nextModel()
  await world.group({ pair: [second, first] })
  const config = 'rollout: {approval: {required: 0}}'
  for (const model of [first, second]) await world.pushValid(model, 1, { config })
  await settle()
  for (const model of [first, second]) await world.pushValid(model, 2)
  await settle()
  expect(await lives()).toEqual([1, 1])
})

/** Lets both come to rest; says what was done, in order. */
async function settle(): Promise<string[]> {
  const did: string[] = []
  for (;;) {
    const before = did.length
    for (const model of [first, second]) {
      for (const what of await world.settle(model))
        did.push(`${model === first ? 'first' : 'second'} ${what}`)
    }
    if (did.length === before) return did
  }
}

async function lives() {
  const names = [first, second]
  const where = { modelName: { in: names }, label: 'live' }
  const labels = await world.database.prisma.planLabel.findMany({ where })
  return names.map((name) => Number(labels.find(({ modelName }) => modelName === name)?.number))
}

describe('models of one release', () => {
  it('go live in one transaction, when the last of them is ready', async () => {
    await node.counts(first, CLEAN)
    expect(await settle()).toEqual(['first cleared'])
    expect(await world.rollout(first)).toMatchObject({ state: 'progressing', step: 'promoting' })
    const release = await world.database.snapshot((tx) => readRelease(tx, first))
    expect(release).toEqual({ name: 'pair', waitingFor: [second] })
    expect(await lives()).toEqual([1, 1])
    await node.counts(second, CLEAN)
    expect(await settle()).toEqual(['second cleared', 'second committed'])
    expect(await lives()).toEqual([2, 2])
    const ats = await world.database.prisma.promotion.findMany({
      where: { modelName: { in: [first, second] }, toNumber: 2 },
    })
    expect(new Set(ats.map((row) => row.at.getTime())).size).toBe(1)
    expect(await world.rollout(first)).toMatchObject({ state: 'succeeded' })
    const audits = await world.database.prisma.audit.findMany({
      where: { action: 'promoted', modelName: { in: [first, second] }, number: 2 },
    })
    expect(audits.map((row) => row.sentence)).toContain(`${first}: v2 went live with the release pair`)
  })

  it('do not go live while one of them is missing on a node', async () => {
    await node.counts(first, CLEAN)
    await node.counts(second, CLEAN)
    const held = { [`${second}@2`]: { state: 'loading' } } as const
    await world.settle(first, held)
    await world.settle(second, held)
    expect(await lives()).toEqual([1, 1])
    await settle()
    expect(await lives()).toEqual([2, 2])
  })

  it('stay where they are when one of them fails, and are given up in time', async () => {
    await node.counts(first, CLEAN)
    await node.counts(second, { pairs: 600, failed: 90 })
    await settle()
    expect(await lives()).toEqual([1, 1])
    await world.pass(first, 7 * 86_400_000)
    expect(await settle()).toEqual(['first aborted'])
    expect((await world.rollout(first)).summary).toContain(`the release pair waited for ${second} too long`)
    expect(await lives()).toEqual([1, 1])
  })

  it('do not wait for one that is what Git asks for', async () => {
    await node.counts(first, CLEAN)
    await node.counts(second, CLEAN)
    await settle()
    await world.pushValid(first, 3)
    await settle()
    await node.counts(first, CLEAN)
    expect(await settle()).toEqual(['first cleared', 'first committed'])
    expect(await lives()).toEqual([3, 2])
  })

  it('do not wait for one that the environment file pins', async () => {
    await world.point({ [second]: { live: 1, labels: {} } })
    await node.counts(first, CLEAN)
    expect(await settle()).toContain('first committed')
    expect(await lives()).toEqual([2, 1])
    await world.point({})
  })

  it('return together when the environment file asks for both', async () => {
    await node.counts(first, CLEAN)
    await node.counts(second, CLEAN)
    await settle()
    await world.point({ [first]: { live: 1, labels: {} }, [second]: { live: 1, labels: {} } })
    await settle()
    expect(await lives()).toEqual([1, 1])
    const returned = { modelName: { in: [first, second] }, kind: 'returning' }
    const promotions = await world.database.prisma.promotion.findMany({ where: returned })
    expect(promotions).toHaveLength(2)
    expect(new Set(promotions.map((row) => row.at.getTime())).size).toBe(1)
    await world.point({})
  })

  it('are rolled back each by itself', async () => {
    await node.counts(first, CLEAN)
    await node.counts(second, CLEAN)
    await settle()
    await rollback(world.database, { model: first, from: 2, reason: 'bad answers', actor: ADA })
    expect(await lives()).toEqual([1, 2])
  })

  it('move together or not at all when the controller dies before any statement', async () => {
    await node.counts(first, CLEAN)
    await settle()
    await node.counts(second, CLEAN)
    expect(await world.reconcile(second)).toMatchObject({ did: 'cleared' })
    for (let after = 0; ; after++) {
      const result = await world.database
        .transaction((tx) => reconcileModelOnce(dyingTx(tx, after), second))
        .catch((error: unknown) => String(error))
      if (typeof result !== 'string') {
        expect(result).toMatchObject({ did: 'committed' })
        expect(after).toBeGreaterThan(40)
        break
      }
      expect(result).toContain(POWER_CUT)
      expect(await lives()).toEqual([1, 1])
    }
    expect(await lives()).toEqual([2, 2])
  }, 120_000)

  it('are promoted once by controllers that look at both at the same time', async () => {
    await node.counts(first, CLEAN)
    await settle()
    await node.counts(second, CLEAN)
    await world.reconcile(second)
    await Promise.all([first, second, first, second].map((model) => world.reconcile(model)))
    expect(await lives()).toEqual([2, 2])
    for (const model of [first, second]) expect((await world.record(model)).promotions).toHaveLength(2)
  })

  it('go live each by itself once the group is gone from Git', async () => {
    await node.counts(first, CLEAN)
    await settle()
    await world.group({})
    expect(await settle()).toEqual(['first committed'])
    expect(await lives()).toEqual([2, 1])
  })
})
