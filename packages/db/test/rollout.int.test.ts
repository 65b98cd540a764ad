import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { promote, reconcileModelOnce, reject, retry } from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
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

describe('a first version', () => {
  it('goes live without approval when it is loaded and warm', async () => {
    await world.pushValid(model, 1)
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
    expect(await rollouts.standing(model)).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
    const record = await world.record(model)
    expect(record.rollouts).toMatchObject([{ kind: 'first', state: 'succeeded', evidence: null }])
    expect(record.promotions).toMatchObject([
      { generation: 1, kind: 'first', fromNumber: null, toNumber: 1, toDigest: digestOf(`${model} 1`) },
    ])
    expect(record.standings).toMatchObject([{ digest: digestOf(`${model} 1`), standing: 'proven' }])
    expect(record.drift).toBeNull()
  })

  it('of a repository with many versions is the highest validated one', async () => {
    for (const number of [1, 2, 3, 10]) await world.pushValid(model, number)
    await world.push(model, 11)
    await world.settle(model)
    expect(await rollouts.standing(model)).toMatchObject({ live: 10, aspired: [10] })
    expect((await world.record(model)).drift).toMatchObject({ reason: 'validating' })
  })

  it('that does not load fails, and is not tried again by itself', async () => {
    await world.pushValid(model, 1)
    const held = { [`${model}@1`]: { state: 'error', reason: 'out of memory' } } as const
    expect(await world.settle(model, held)).toEqual(['started', 'failed'])
    const record = await world.record(model)
    expect(record.rollouts).toMatchObject([
      { state: 'failed', reason: 'load', summary: 'v1 does not load on node-1: out of memory' },
    ])
    expect(record).toMatchObject({ live: null, aspired: [], drift: { reason: 'rolloutFailed' } })
    expect(record.standings).toMatchObject([{ standing: 'failed' }])
    await retry(world.database, { model, actor: ADA })
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
  })
})

describe('a second version', () => {
  it('goes live by shadow, pass and approval, and the old one stays warm as previous', async () => {
    await rollouts.inShadow(model)
    expect(await rollouts.standing(model)).toEqual({
      live: 1,
      previous: null,
      generation: 1,
      aspired: [1, 2],
    })
    await node.counts(model, { pairs: 100 })
    expect(await world.settle(model)).toEqual([])
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual(['passed'])
    expect(await world.rollout(model)).toMatchObject({
      state: 'paused',
      pauseReason: 'approval',
      step: 'approval',
      verdict: 'pass',
      summary: 'Pass: v2 is not worse than v1 by more than your margins, after 600 pairs.',
    })
    expect(await rollouts.standing(model)).toMatchObject({ live: 1 })
    expect(await rollouts.approved(model)).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await rollouts.standing(model)).toEqual({ live: 2, previous: 1, generation: 2, aspired: [1, 2] })
    expect(await world.sentences(model)).toEqual([
      `${model}: the model is new; v1 was pushed`,
      `${model} v1 passed validation`,
      `${model} v1 is the first version and goes live when it is loaded and warm`,
      `${model}: v1 is loaded and warm and goes live`,
      `${model}: v1 went live`,
      `${model}: v2 was pushed`,
      `${model} v2 passed validation`,
      `${model} v2 is loaded beside the live version to be compared with it`,
      `${model}: v2 is loaded and warm, its shadow begins`,
      `${model}: v2 passed its shadow and waits for approval`,
      `${ADA} approved ${model} v2`,
      `${model}: v2 goes live, approved by ${ADA}`,
      `${model}: v2 went live`,
    ])
  })

  it('stores the counters with the verdict, closes the series and consumes the approval', async () => {
    await rollouts.passed(model)
    await rollouts.approved(model)
    await world.settle(model)
    const rollout = await world.rollout(model)
    const { prisma } = world.database
    const verdicts = await prisma.verdict.findMany({ where: { rolloutId: rollout.id } })
    expect(verdicts).toMatchObject([
      {
        seq: 1,
        outcome: 'pass',
        analysis: { analysis: { outcome: 'pass' }, plan: { attempt: 1, minPairs: 500 } },
      },
    ])
    expect(rollout.approvals).toMatchObject([{ actor: ADA, consumedAt: expect.any(Date) }])
    const series = await prisma.evidenceSeries.findFirstOrThrow({ where: { modelName: model } })
    expect(series.closedAt).not.toBeNull()
    expect(rollout.steps.map((entry) => entry.step)).toEqual(['preparing', 'shadow', 'approval', 'promoting'])
    expect(rollout.steps.every((entry) => entry.endedAt !== null)).toBe(true)
    const promotion = (await world.record(model)).promotions[0]
    expect(promotion).toMatchObject({ kind: 'evidence', fromNumber: 1, toNumber: 2, actor: ADA })
  })

  it('needs nobody when its policy asks for no approval', async () => {
    await rollouts.inShadow(model, 'rollout: {approval: {required: 0}}')
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })

  it('skips evidence and approval when its policy says immediate', async () => {
    await world.withLive(model, { config: 'rollout: {strategy: immediate}' })
    await world.pushValid(model, 2)
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
    expect((await world.record(model)).promotions[0]).toMatchObject({ kind: 'immediate' })
  })

  it('with the bytes that are live takes over without evidence', async () => {
    await world.withLive(model, { bytes: 'same' })
    await world.pushValid(model, 2, { bytes: 'same' })
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
    expect((await world.record(model)).promotions[0]).toMatchObject({ kind: 'returning' })
  })

  it('waits for a person under a manual trigger, and drift says so', async () => {
    await world.withLive(model)
    await world.sync(step.config(model, 'rollout: {trigger: manual}'))
    await world.pushValid(model, 2)
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 1, drift: { reason: 'manual' } })
    const act = { model, version: 2, actor: ADA }
    expect(await promote(world.database, act)).toMatchObject({ changed: true })
    expect(await promote(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect(await promote(world.database, act)).toMatchObject({ changed: false })
    expect(await world.record(model)).toMatchObject({ requested: null, drift: { reason: 'rolloutRunning' } })
  })

  it('is started by hand only when it may be tried', async () => {
    await world.withLive(model)
    const start = (version: number) => codeOf(promote(world.database, { model, version, actor: ADA }))
    expect(await start(1)).toBe('done')
    expect(await start(9)).toBe('rollout.not_found')
    await world.push(model, 3)
    expect(await start(3)).toBe('rollout.not_startable')
    await world.validate(model, 3)
    await world.sync(step.tip({ type: 'missingVersion', model, number: 3 }))
    expect(await start(3)).toBe('rollout.not_startable')
  })

  it('is rejected by a person with a reason, and live goes on', async () => {
    await rollouts.passed(model)
    const act = { model, version: 2, reason: 'not today', actor: ADA }
    expect(await reject(world.database, act)).toMatchObject({ changed: true })
    expect(await reject(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual([])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason: 'rejected' })
    expect(await rollouts.standing(model)).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
    const [last] = (await world.sentences(model)).slice(-1)
    expect(last).toBe(`${model}: ${ADA} rejected it: not today`)
  })

  it('that was rejected is tried again when somebody asks, on the same series', async () => {
    await rollouts.passed(model)
    await reject(world.database, { model, reason: 'not today', actor: ADA })
    await world.settle(model)
    const before = await world.rollout(model)
    expect(await retry(world.database, { model, actor: ADA })).toMatchObject({ changed: true })
    expect(await retry(world.database, { model, actor: ADA })).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady', 'passed'])
    const after = await world.rollout(model)
    expect(after.id).not.toBe(before.id)
    expect(after.evidence?.seriesId).toBe(before.evidence?.seriesId)
  })
})

describe('reconcile', () => {
  it('changes nothing when it looks again at what it did', async () => {
    await rollouts.passed(model)
    const before = await world.record(model)
    const audits = await world.sentences(model)
    for (let i = 0; i < 5; i++) expect(await world.reconcile(model)).toMatchObject({ progressed: false })
    const after = await world.record(model)
    expect({ ...after, readAt: before.readAt }).toEqual(before)
    expect(await world.sentences(model)).toEqual(audits)
  })

  it('that dies before it commits has done nothing: the next look does the same', async () => {
    await rollouts.passed(model)
    await rollouts.approved(model)
    const before = await world.record(model)
    const dying = world.database.transaction(async (tx) => {
      expect(await reconcileModelOnce(tx, model)).toMatchObject({ did: 'cleared' })
      throw new Error('power cut')
    })
    await expect(dying).rejects.toThrow('power cut')
    expect(await world.record(model)).toEqual({ ...before, readAt: expect.any(Date) })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await rollouts.standing(model)).toMatchObject({ live: 2, generation: 2 })
  })

  it('by two controllers at the same time takes each step once', async () => {
    await rollouts.passed(model)
    await rollouts.approved(model)
    await node.catchUp()
    await Promise.all([1, 2, 3, 4].map(() => world.reconcile(model)))
    await Promise.all([1, 2, 3, 4].map(() => world.reconcile(model)))
    const record = await world.record(model)
    expect(record).toMatchObject({ live: 2, generation: 2 })
    expect(record.promotions).toHaveLength(2)
    expect((await world.sentences(model)).filter((one) => one.endsWith('v2 went live'))).toHaveLength(1)
  })
})
