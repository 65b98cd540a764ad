import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { abort, approve, reconcileModelOnce, rollback } from '../src/index.ts'
import { digestOf, type FakeNode, step, type World } from './support/index.ts'
import { ADA, CLEAN, Rollouts } from './support/rollouts.ts'

let rollouts: Rollouts
let world: World
let node: FakeNode
let model = ''

beforeAll(async () => {
  rollouts = await Rollouts.open()
  ;({ world, node } = rollouts)
})
afterAll(() => rollouts.close())
beforeEach(() => {
  model = rollouts.nextModel()
})

const AUTOMATIC = 'approval: {required: 0}'
const CANARY = `rollout: {canary: [5, 25], canaryMinDuration: 1m, ${AUTOMATIC}}`
const BAKE = `rollout: {bake: 10m, ${AUTOMATIC}}`
const ALL = `rollout: {canary: [5, 25], canaryMinDuration: 1m, bake: 10m, ${AUTOMATIC}}`
const MINUTE = 60_000

async function planOf() {
  const plan = (await node.store.readPlan()).models.find((one) => one.model === model)
  if (!plan) throw new Error(`the plan has no ${model}`)
  const { labels, mirror } = plan
  return { labels, mirror, versions: plan.versions.map((version) => version.number) }
}

async function standing(bytes: string): Promise<string | undefined> {
  const { standings } = await world.record(model)
  return standings.find((row) => row.digest === digestOf(bytes))?.standing
}

/** Version 2 answers 5 % of requests. */
async function inCanary(config: string): Promise<void> {
  await rollouts.inShadow(model, config)
  await node.counts(model, CLEAN)
  expect(await world.settle(model)).toEqual(['cleared'])
  expect(await world.rollout(model)).toMatchObject({ state: 'progressing', step: 'canary', weightIndex: 0 })
}

/** Version 2 is live and version 1 judges it. */
async function inBake(): Promise<void> {
  await rollouts.inShadow(model, BAKE)
  await node.counts(model, CLEAN)
  expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  expect(await world.rollout(model)).toMatchObject({ state: 'progressing', step: 'bake' })
}

describe('a version with canary and bake', () => {
  it('goes by every weight to its promotion, bakes, and is proven at the end', async () => {
    await inCanary(ALL)
    expect(await planOf()).toMatchObject({
      labels: { live: 1, canary: 2 },
      mirror: { step: 'canary-5', candidateShare: 0.05, baseline: 1, candidate: 2 },
    })
    await node.counts(model, { pairs: 200 })
    expect(await world.settle(model)).toEqual([])
    await world.pass(model, MINUTE)
    expect(await world.settle(model)).toEqual(['nextWeight'])
    expect((await planOf()).mirror).toMatchObject({ step: 'canary-25', candidateShare: 0.25 })
    await world.pass(model, MINUTE)
    expect(await world.settle(model)).toEqual([])
    await node.counts(model, { pairs: 200 })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await planOf()).toMatchObject({
      labels: { live: 2, previous: 1 },
      mirror: { step: 'bake', candidateShare: 1, baseline: 1, candidate: 2 },
      versions: [1, 2],
    })
    expect(await standing(`${model} 2`)).toBeUndefined()
    await world.pass(model, 10 * MINUTE)
    expect(await world.settle(model)).toEqual(['baked'])
    expect(await standing(`${model} 2`)).toBe('proven')
    const rollout = await world.rollout(model)
    expect(rollout).toMatchObject({ state: 'succeeded', step: 'bake', weightIndex: 1, verdict: 'pass' })
    expect(rollout.steps.map((entry) => entry.weight ?? entry.step)).toEqual([
      ...['preparing', 'shadow', 5, 25, 'promoting', 'bake'],
    ])
    expect(await planOf()).toEqual({ labels: { live: 2, previous: 1 }, mirror: null, versions: [1, 2] })
    const { promotions, drift } = await world.record(model)
    expect(promotions.map((row) => row.toNumber)).toEqual([2, 1])
    expect(drift).toBeNull()
  })

  it('is withdrawn when it fails in its canary, and live was never another', async () => {
    await inCanary(CANARY)
    await node.counts(model, { pairs: 600, failed: 90 })
    expect(await world.settle(model)).toEqual(['failed'])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason: 'errors', step: 'canary' })
    expect(await planOf()).toEqual({ labels: { live: 1 }, mirror: null, versions: [1] })
    expect(await standing(`${model} 2`)).toBe('withdrawn')
    expect(await world.record(model)).toMatchObject({ hold: null, drift: { reason: 'withdrawn' } })
  })

  it('is rolled back when an input of a client ends its process, and does so alone again', async () => {
    await inCanary(CANARY)
    await node.suffers(model, 2, { kind: 'crash', message: 'It ended by SIGSEGV.', confirmedInput: 'aa' })
    expect(await world.settle(model)).toEqual(['failed'])
    expect((await world.rollout(model)).summary).toContain('SIGSEGV')
    expect(await standing(`${model} 2`)).toBe('withdrawn')
  })

  it('is not blamed for an input that ends the process of its baseline too', async () => {
    await inCanary(CANARY)
    await node.suffers(model, 1, { kind: 'crash', confirmedInput: 'aa' })
    await node.suffers(model, 2, { kind: 'crash', confirmedInput: 'aa' })
    expect(await world.settle(model)).toEqual([])
  })

  it('is paused, not passed, when its canary gets no pairs', async () => {
    await inCanary(`rollout: {canary: [5], shadow: {maxDuration: 1h}, ${AUTOMATIC}}`)
    await world.pass(model, 60 * MINUTE)
    expect(await world.settle(model)).toEqual(['inconclusive'])
    expect((await planOf()).mirror).toBeNull()
  })

  it('is not withdrawn when a newer version takes its place', async () => {
    await inCanary(CANARY)
    await world.pushValid(model, 3)
    expect(await world.settle(model)).toEqual(['aborted', 'started', 'shadowReady'])
    expect(await standing(`${model} 2`)).toBeUndefined()
    expect((await planOf()).versions).toEqual([1, 3])
  })

  it('is taken off its canary by a person, withdrawn, without a hold; twice changes nothing', async () => {
    await inCanary(CANARY)
    const act = { model, reason: 'customers complain', actor: ADA }
    expect(await rollback(world.database, act)).toMatchObject({ changed: true })
    expect(await standing(`${model} 2`)).toBe('withdrawn')
    expect(await rollback(world.database, act)).toMatchObject({ changed: false })
    expect(await world.record(model)).toMatchObject({ live: 1, generation: 1, hold: null })
  })

  it('is failed, not withdrawn, when a person takes it off its canary and says so', async () => {
    await inCanary(CANARY)
    const act = { model, from: 2, noWithdraw: true, reason: 'wrong hour', actor: ADA }
    expect(await rollback(world.database, act)).toMatchObject({ changed: true })
    expect(await standing(`${model} 2`)).toBe('failed')
  })
})

describe('a bake', () => {
  it('that shows harm brings the version before back by itself, withdraws, and sets no hold', async () => {
    await inBake()
    await node.counts(model, { pairs: 600, failed: 90 })
    expect(await world.settle(model)).toEqual(['rolledBack'])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason: 'rolledBack', step: 'bake' })
    const record = await world.record(model)
    expect(record).toMatchObject({ live: 1, previous: null, generation: 3, hold: null, aspired: [1] })
    expect(record.promotions[0]).toMatchObject({
      ...{ kind: 'rollback', fromNumber: 2, toNumber: 1, actor: 'controller' },
      reason: expect.stringContaining('errors'),
    })
    expect(await standing(`${model} 2`)).toBe('withdrawn')
    expect(record.drift).toMatchObject({ reason: 'withdrawn' })
    expect(await world.settle(model)).toEqual([])
  })

  it('that sees a crash which its input repeats brings the version before back', async () => {
    await inBake()
    await node.suffers(model, 2, { kind: 'crash', confirmedInput: 'bb' })
    expect(await world.settle(model)).toEqual(['rolledBack'])
    expect(await world.record(model)).toMatchObject({ live: 1 })
  })

  it('makes newer versions wait, and drift says so', async () => {
    await inBake()
    await world.pushValid(model, 3)
    expect(await world.settle(model)).toEqual([])
    expect((await world.record(model)).drift).toMatchObject({ reason: 'rolloutRunning' })
    await world.pass(model, 10 * MINUTE)
    expect(await world.settle(model)).toEqual(['baked', 'started', 'shadowReady'])
  })

  it('goes on when its version leaves Git or the policy changes: what is live stays', async () => {
    await inBake()
    await world.sync(step.tip({ type: 'missingVersion', model, number: 2 }))
    await world.sync(step.config(model, `rollout: {bake: 20m, ${AUTOMATIC}}`))
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 2, drift: { reason: 'deletedInGit' } })
  })

  it.each([
    ['rollback', () => rollback(world.database, { model, from: 2, reason: 'bad answers', actor: ADA })],
    ['abort', () => abort(world.database, { model, reason: 'bad answers', actor: ADA })],
  ])('is ended by %s of a person: the version before is live and held', async (_, act) => {
    await inBake()
    expect(await act()).toMatchObject({ changed: true })
    expect(await act()).toMatchObject({ changed: false })
    expect(await world.record(model)).toMatchObject({
      ...{ live: 1, previous: null, generation: 3, aspired: [1] },
      hold: { number: 1, reason: 'bad answers', actor: ADA },
    })
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason: 'rolledBack' })
    expect(await standing(`${model} 2`)).toBe('withdrawn')
    expect((await planOf()).labels).toEqual({ live: 1 })
  })

  it('whose controller dies while it rolls back has done nothing, and the next one does it once', async () => {
    await inBake()
    await node.counts(model, { pairs: 600, failed: 90 })
    const dying = world.database.transaction(async (tx) => {
      expect(await reconcileModelOnce(tx, model)).toMatchObject({ did: 'rolledBack' })
      throw new Error('power cut')
    })
    await expect(dying).rejects.toThrow('power cut')
    expect(await world.record(model)).toMatchObject({ live: 2, generation: 2 })
    await Promise.all([1, 2, 3].map(() => world.reconcile(model)))
    const { promotions, live } = await world.record(model)
    expect(live).toBe(1)
    expect(promotions.map((row) => row.kind)).toEqual(['rollback', 'evidence', 'first'])
  })
})

describe('a freeze window', () => {
  /** A window that began an hour ago and goes on for a day. */
  function frozenNow(rest: string): string {
    const began = new Date(Date.now() - 3_600_000)
    const cron = `${began.getUTCMinutes()} ${began.getUTCHours()} ${began.getUTCDate()} * *`
    return `rollout: {freeze: [{cron: "${cron}", duration: 1d}], ${rest}}`
  }

  it('holds a promotion back until it is over', async () => {
    await rollouts.inShadow(model)
    await world.sync(step.config(model, frozenNow('approval: {required: 1}')))
    await node.counts(model, CLEAN)
    await world.settle(model)
    await approve(world.database, { model, version: 2, actor: ADA })
    expect(await world.settle(model)).toEqual(['cleared', 'frozen'])
    expect(await world.rollout(model)).toMatchObject({ state: 'paused', pauseReason: 'frozen' })
    expect((await planOf()).mirror).toMatchObject({ step: 'shadow' })
    await world.sync(step.config(model, null))
    expect(await world.settle(model)).toEqual(['thawed', 'committed'])
    expect(await world.record(model)).toMatchObject({ live: 2 })
  })

  it('never holds a rollback back, neither a person’s nor one by itself', async () => {
    await inBake()
    await world.sync(step.config(model, frozenNow(`bake: 10m, ${AUTOMATIC}`)))
    await node.counts(model, { pairs: 600, failed: 90 })
    expect(await world.settle(model)).toEqual(['rolledBack'])
    expect(await world.record(model)).toMatchObject({ live: 1 })
  })
})
