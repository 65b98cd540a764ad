import { deriveOverrideKey, type OverrideDocument, signOverride } from '@understudy/core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  approve,
  listNotifications,
  type MergedOverride,
  mergeOverride,
  openDatabase,
  rollback,
  verifyAudit,
} from '../src/index.ts'
import { step } from './support/fake-git.ts'
import type { FakeNode } from './support/fake-node.ts'
import { World } from './support/world.ts'

const ADA = 'local:ada'
const BOB = 'local:bob'
let world: World
let node: FakeNode

beforeAll(async () => {
  world = await World.open()
})
beforeEach(async () => {
  await world.reset()
  node = await world.node('node-1')
  await world.withLive('iris')
  await promoted(2)
})
afterAll(async () => {
  expect(await verifyAudit(world.database)).toMatchObject({ ok: true })
  await world.close()
})

async function promoted(version: number): Promise<void> {
  await world.pushValid('iris', version)
  await world.settle('iris')
  await node.counts('iris', { pairs: 600 })
  await world.settle('iris')
  await approve(world.database, { model: 'iris', version, actor: BOB })
  await world.settle('iris')
}

/** What a node that was alone at generation 2 reports: v1 answers instead of v2. */
async function report(id = 1, { by = node, ...changes }: Partial<OverrideDocument> & { by?: FakeNode } = {}) {
  const signed = signOverride(deriveOverrideKey('x'), {
    ...{ id: `0b9f0f3e-6f0b-4c46-9d0e-${String(id).padStart(12, '0')}`, model: 'iris', generation: 2 },
    ...{ from: 2, to: 1, reason: 'it flips classes', actor: ADA, issuedAtMs: 1_000 * id, ...changes },
  })
  await by.store.recordOverrides([{ ...signed, acceptedAtMs: 1_000 * id }])
}

const merge = (): Promise<MergedOverride | undefined> => world.database.transaction(mergeOverride)

async function state() {
  const { live, previous, generation, hold, standings } = await world.record('iris')
  const withdrawn = standings.filter(({ standing }) => standing === 'withdrawn').length
  return { live, previous, generation, held: hold?.actor ?? null, withdrawn }
}

const MOVED_ON = { live: 2, previous: 1, generation: 2, held: null, withdrawn: 0 }
const ROLLED_BACK = { live: 1, previous: null, generation: 3, held: ADA, withdrawn: 1 }

it('becomes the rollback that it meant, with hold and withdrawal, while the plan is where the node saw it', async () => {
  expect(await state()).toEqual(MOVED_ON)
  await report()
  expect(await merge()).toMatchObject({ outcome: 'rolledBack', node: 'node-1', model: 'iris' })
  expect(await state()).toEqual(ROLLED_BACK)
  const { promotions, hold } = await world.record('iris')
  expect(promotions[0]).toMatchObject({ kind: 'rollback', fromNumber: 2, toNumber: 1, actor: ADA })
  expect(hold?.reason).toBe('it flips classes (decided on node-1, which was cut off)')
  expect((await world.sentences('iris')).slice(-2)).toEqual([
    'local:ada rolled iris back from v2 to v1',
    'node-1 had let iris v1 answer instead of v2 since 1970-01-01T00:00:01.000Z, at generation 2: the plan follows',
  ])
  expect((await listNotifications(world.database.prisma))[0]).toMatchObject({ kind: 'rolledBack' })
})

it('takes a version off in its bake, which ends the rollout as rolled back and is told once', async () => {
  await world.sync(step.config('iris', 'rollout: {bake: 10m}'))
  await promoted(3)
  expect(await world.rollout('iris')).toMatchObject({ number: 3, step: 'bake', state: 'progressing' })
  await report(1, { generation: 3, from: 3, to: 2, reason: 'x'.repeat(500) })
  expect(await merge()).toMatchObject({ outcome: 'rolledBack' })
  expect(await world.rollout('iris')).toMatchObject({ state: 'failed', reason: 'rolledBack' })
  expect(await state()).toMatchObject({ live: 2, generation: 4, held: ADA, withdrawn: 1 })
  const told = await listNotifications(world.database.prisma)
  expect(told.filter(({ kind }) => kind === 'rolledBack')).toHaveLength(1)
})

it('is merged once, however often it is reported', async () => {
  await report()
  await report()
  await merge()
  await report()
  expect(await merge()).toBeUndefined()
  expect(await state()).toEqual(ROLLED_BACK)
  expect(await world.database.prisma.override.count()).toBe(1)
})

it('is a line of the record and nothing else when the plan has moved on', async () => {
  await promoted(3)
  await report()
  const before = await state()
  expect(await merge()).toMatchObject({ outcome: 'planWon' })
  expect(await merge()).toBeUndefined()
  expect(await state()).toEqual(before)
  expect(before).toMatchObject({ live: 3, held: null, withdrawn: 0 })
  expect((await world.sentences('iris')).at(-1)).toContain(
    'at generation 2: the plan is at generation 3 and wins',
  )
  const entry = await world.database.prisma.audit.findFirstOrThrow({ where: { action: 'override.merged' } })
  expect(entry.details).toMatchObject({
    ...{ outcome: 'planWon', from: 2, to: 1, signature: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
})

it('of two nodes, or after a person did the same, is one rollback', async () => {
  const other = await world.node('node-2')
  await report(1)
  await report(2, { by: other })
  expect([(await merge())?.outcome, (await merge())?.outcome]).toEqual(['rolledBack', 'planWon'])
  expect(await state()).toEqual(ROLLED_BACK)
  await report(3)
  expect(await merge()).toMatchObject({ outcome: 'planWon' })
  expect(await state()).toEqual(ROLLED_BACK)
})

it('loses to a rollback by a person that came first', async () => {
  await rollback(world.database, { model: 'iris', from: 2, reason: 'it flips', actor: BOB })
  await report()
  expect(await merge()).toMatchObject({ outcome: 'planWon' })
  expect(await state()).toEqual({ ...ROLLED_BACK, held: BOB })
})

it('changes nothing where its version may not come back, and says so', async () => {
  const { versions } = await world.record('iris')
  const digest = versions.find(({ number }) => number === 1)?.digest ?? ''
  await world.database.prisma.digestStanding.upsert({
    where: { modelName_digest: { modelName: 'iris', digest } },
    create: { modelName: 'iris', digest, standing: 'withdrawn', actor: BOB },
    update: { standing: 'withdrawn' },
  })
  await report()
  expect(await merge()).toMatchObject({ outcome: 'planWon' })
  expect(await state()).toEqual({ ...MOVED_ON, withdrawn: 1 })
  expect((await world.sentences('iris')).at(-1)).toContain('no earlier version to return to')
})

it('ends the rollout that was compared with what it takes off', async () => {
  await world.pushValid('iris', 3)
  await world.settle('iris')
  await report()
  await merge()
  expect(await world.rollout('iris')).toMatchObject({
    number: 3,
    state: 'aborted',
    reason: 'baselineChanged',
  })
})

it('has one of two controllers that merge at once', async () => {
  const other = openDatabase({ databaseUrl: world.databaseUrl, applicationName: 'another controller' })
  for (let id = 1; id <= 6; id++) await report(id)
  const drain = async (database: typeof other) => {
    const outcomes: string[] = []
    for (let merged = await database.transaction(mergeOverride); merged; ) {
      outcomes.push(merged.outcome)
      merged = await database.transaction(mergeOverride)
    }
    return outcomes
  }
  const outcomes = (await Promise.all([drain(world.database), drain(other)])).flat()
  await other.close()
  // One that was passed over while the other held it is merged by the other.
  expect(outcomes.sort()).toEqual(['planWon', 'planWon', 'planWon', 'planWon', 'planWon', 'rolledBack'])
  expect(await state()).toEqual(ROLLED_BACK)
})

it('of a model that is gone is a line of the record', async () => {
  const signed = signOverride(deriveOverrideKey('x'), {
    ...{ id: '0b9f0f3e-6f0b-4c46-9d0e-0d6f6f4f1f99', model: 'gone', generation: 1, from: 2, to: 1 },
    ...{ reason: 'it flips', actor: ADA, issuedAtMs: 1 },
  })
  await node.store.recordOverrides([{ ...signed, acceptedAtMs: 1 }])
  expect(await merge()).toMatchObject({ outcome: 'planWon', model: 'gone' })
})
