import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { approve, promote, reconcileModelOnce, reject, retry, verifyAudit } from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { digestOf, type FakeNode, step, World } from './support/index.ts'

let world: World
let node: FakeNode
let counter = 0
let model = ''

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(async () => {
  expect(await verifyAudit(world.database)).toMatchObject({ ok: true })
  await world.close()
})
beforeEach(() => {
  counter += 1
  model = `model-${counter}`
})

const ada = 'local:ada'
const CLEAN = { pairs: 600 }
const BUDGET = 'rollout: {gates: {disagreement: {budget: 0.05}}}'

async function standing() {
  const { live, previous, generation, aspired } = await world.record(model)
  return { live, previous, generation, aspired }
}

/** Version 1 live, version 2 in its shadow. */
async function inShadow(config?: string): Promise<void> {
  await world.withLive(model, config === undefined ? {} : { config })
  await world.pushValid(model, 2)
  expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
}

/** Version 2 passed and waits for approval. */
async function passed(config?: string): Promise<void> {
  await inShadow(config)
  await node.counts(model, CLEAN)
  expect(await world.settle(model)).toEqual(['passed'])
}

const approved = () => approve(world.database, { model, version: 2, actor: ada })

describe('a first version', () => {
  it('goes live without approval when it is loaded and warm', async () => {
    await world.pushValid(model, 1)
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
    expect(await standing()).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
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
    expect(await standing()).toMatchObject({ live: 10, aspired: [10] })
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
    await retry(world.database, { model, actor: ada })
    expect(await world.settle(model)).toEqual(['started', 'readyToPromote', 'committed'])
  })
})

describe('a second version', () => {
  it('goes live by shadow, pass and approval, and the old one stays warm as previous', async () => {
    await inShadow()
    expect(await standing()).toEqual({ live: 1, previous: null, generation: 1, aspired: [1, 2] })
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
    expect(await standing()).toMatchObject({ live: 1 })
    expect(await approved()).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await standing()).toEqual({ live: 2, previous: 1, generation: 2, aspired: [1, 2] })
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
      `${ada} approved ${model} v2`,
      `${model}: v2 goes live`,
      `${model}: v2 went live`,
    ])
  })

  it('stores the counters with the verdict, closes the series and consumes the approval', async () => {
    await passed()
    await approved()
    await world.settle(model)
    const rollout = await world.rollout(model)
    const { prisma } = world.database
    const verdicts = await prisma.verdict.findMany({ where: { rolloutId: rollout.id } })
    expect(verdicts).toMatchObject([
      { seq: 1, outcome: 'pass', analysis: { analysis: { outcome: 'pass' }, evidence: { attempt: 1 } } },
    ])
    expect(rollout.approvals).toMatchObject([{ actor: ada, consumedAt: expect.any(Date) }])
    const series = await prisma.evidenceSeries.findFirstOrThrow({ where: { modelName: model } })
    expect(series.closedAt).not.toBeNull()
    expect(rollout.steps.map((entry) => entry.step)).toEqual(['preparing', 'shadow', 'approval', 'promoting'])
    expect(rollout.steps.every((entry) => entry.endedAt !== null)).toBe(true)
    const promotion = (await world.record(model)).promotions[0]
    expect(promotion).toMatchObject({ kind: 'evidence', fromNumber: 1, toNumber: 2, actor: ada })
  })

  it('needs nobody when its policy asks for no approval', async () => {
    await inShadow('rollout: {approval: {required: 0}}')
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
    const act = { model, version: 2, actor: ada }
    expect(await promote(world.database, act)).toMatchObject({ changed: true })
    expect(await promote(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect(await promote(world.database, act)).toMatchObject({ changed: false })
    expect(await world.record(model)).toMatchObject({ requested: null, drift: { reason: 'rolloutRunning' } })
  })

  it('is started by hand only when it may be tried', async () => {
    await world.withLive(model)
    const start = (version: number) => codeOf(promote(world.database, { model, version, actor: ada }))
    expect(await start(1)).toBe('done')
    expect(await start(9)).toBe('rollout.not_found')
    await world.push(model, 3)
    expect(await start(3)).toBe('rollout.not_startable')
    await world.validate(model, 3)
    await world.sync(step.tip({ type: 'missingVersion', model, number: 3 }))
    expect(await start(3)).toBe('rollout.not_startable')
  })

  it('is rejected by a person with a reason, and live goes on', async () => {
    await passed()
    const act = { model, version: 2, reason: 'not today', actor: ada }
    expect(await reject(world.database, act)).toMatchObject({ changed: true })
    expect(await reject(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual([])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason: 'rejected' })
    expect(await standing()).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
    const [last] = (await world.sentences(model)).slice(-1)
    expect(last).toContain(`${ada} rejected v2: not today`)
  })

  it('that was rejected is tried again when somebody asks, on the same series', async () => {
    await passed()
    await reject(world.database, { model, reason: 'not today', actor: ada })
    await world.settle(model)
    const before = await world.rollout(model)
    expect(await retry(world.database, { model, actor: ada })).toMatchObject({ changed: true })
    expect(await retry(world.database, { model, actor: ada })).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady', 'passed'])
    const after = await world.rollout(model)
    expect(after.id).not.toBe(before.id)
    expect(after.evidence?.seriesId).toBe(before.evidence?.seriesId)
  })
})

describe('evidence against a version', () => {
  it.each([
    ['too many errors', { pairs: 600, failed: 90 }, 'errors'],
    ['too much disagreement', { pairs: 600, differing: { label: 120 } }, 'disagreement'],
    ['a broken invariant', { pairs: 1, breach: { kind: 'dtype', detail: 'score is int64' } }, 'invariant'],
  ])('of %s fails it at once, and live goes on', async (_, counted, reason) => {
    await inShadow(BUDGET)
    await node.counts(model, counted)
    expect(await world.settle(model)).toEqual(['failed'])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason, verdict: 'fail' })
    expect(await standing()).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
    expect((await world.record(model)).standings).toContainEqual(
      expect.objectContaining({ digest: digestOf(`${model} 2`), standing: 'failed' }),
    )
    const again = retry(world.database, { model, actor: ada })
    expect(await codeOf(again)).toBe('rollout.retry_refused')
  })

  it('that comes while it waits for approval still fails it', async () => {
    await passed()
    await node.counts(model, { pairs: 800, failed: 150 })
    expect(await world.settle(model)).toEqual(['failed'])
  })

  it('does not decide without a budget: disagreement is shown only', async () => {
    await inShadow()
    await node.counts(model, { pairs: 600, differing: { label: 500 } })
    expect(await world.settle(model)).toEqual(['passed'])
  })

  it('of lost pairs makes a pass inconclusive, and retry lets the shadow go on', async () => {
    await inShadow('rollout: {shadow: {minDuration: 1m}}')
    await node.counts(model, { pairs: 600, lost: 100 })
    await world.pass(model, 60_000)
    expect(await world.settle(model)).toEqual(['inconclusive'])
    expect(await codeOf(approved())).toBe('rollout.no_verdict')
    expect(await retry(world.database, { model, actor: ada })).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual([])
    await node.counts(model, { pairs: 6_000, lost: 100 })
    await world.pass(model, 60_000)
    expect(await world.settle(model)).toEqual(['passed'])
  })

  it('that never came is no data, not a pass', async () => {
    await inShadow('rollout: {shadow: {maxDuration: 1h}}')
    await world.pass(model, 3_600_000)
    expect(await world.settle(model)).toEqual(['noData'])
    expect(await world.rollout(model)).toMatchObject({ state: 'paused', pauseReason: 'noData' })
    await retry(world.database, { model, actor: ada })
    expect(await world.settle(model)).toEqual([])
    await world.pass(model, 3_600_000)
    expect(await world.settle(model)).toEqual(['noData'])
    await world.pass(model, 7 * 86_400_000)
    expect(await world.settle(model)).toEqual(['aborted'])
    expect(await world.rollout(model)).toMatchObject({ state: 'aborted', reason: 'deadline' })
  })
})

describe('a world that changes during a rollout', () => {
  it('supersedes it by a newer validated number, not by one that is still validated or was rejected', async () => {
    await inShadow()
    await world.push(model, 3)
    await world.push(model, 4)
    await world.validate(model, 4, { ok: false, reasons: [{ code: 'onnx.load_failed', message: 'no' }] })
    expect(await world.settle(model)).toEqual([])
    await world.validate(model, 3)
    expect(await world.settle(model)).toEqual(['aborted', 'started', 'shadowReady'])
    const record = await world.record(model)
    expect(record.rollouts).toMatchObject([
      { number: 3, state: 'progressing' },
      { number: 2, state: 'aborted', reason: 'superseded' },
      { number: 1 },
    ])
    expect(record.aspired).toEqual([1, 3])
    expect(record.standings.map((row) => row.digest)).toEqual([digestOf(`${model} 1`)])
  })

  it('ends it when the policy changed, voids the approval, and begins attempt 2 at stricter odds', async () => {
    await passed()
    await approved()
    await world.sync(step.config(model, 'rollout: {gates: {errors: {margin: 0.02}}}'))
    expect(await world.settle(model)).toEqual(['aborted', 'started', 'shadowReady'])
    const record = await world.record(model)
    expect(record.live).toBe(1)
    expect(record.rollouts.slice(0, 2)).toMatchObject([
      { state: 'progressing', approvals: [], evidence: { attempt: 2, counters: [] } },
      { state: 'aborted', reason: 'policyChanged', evidence: { attempt: 1 } },
    ])
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual(['passed'])
  })

  it('goes on when only runtime or text of the model changed', async () => {
    await inShadow()
    await world.sync(step.config(model, 'description: better words\nruntime: {timeoutMs: 2000}\n'))
    expect(await world.settle(model)).toEqual([])
  })

  it('aborts it when the version leaves Git', async () => {
    await inShadow()
    await world.sync(step.tip({ type: 'missingVersion', model, number: 2 }))
    expect(await world.settle(model)).toEqual(['aborted'])
    expect(await world.rollout(model)).toMatchObject({ reason: 'deletedInGit' })
    expect(await world.record(model)).toMatchObject({ live: 1, drift: null })
  })

  it('never takes off what is live when that leaves Git: there is drift', async () => {
    await world.withLive(model)
    await world.sync(step.tip({ type: 'missingVersion', model, number: 1 }))
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 1, drift: { reason: 'deletedInGit' } })
    expect((await node.store.readPlan()).models.find((plan) => plan.model === model)?.labels).toEqual({
      live: 1,
    })
  })

  it('starts nothing while the history is rewritten', async () => {
    await world.withLive(model)
    const { prisma } = world.database
    await world.pushValid(model, 2)
    await prisma.repository.updateMany({ data: { stalledReason: 'rewritten' } })
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ drift: { reason: 'repositoryStalled' } })
    await prisma.repository.updateMany({ data: { stalledReason: null } })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
  })
})

describe('an approval', () => {
  it('given twice is one', async () => {
    await passed()
    expect(await approved()).toMatchObject({ changed: true })
    expect(await approved()).toEqual({ changed: false, sentence: `You approved ${model} v2 already.` })
    await world.settle(model)
    expect(await approved()).toMatchObject({ changed: false })
    expect((await world.sentences(model)).filter((one) => one.includes('approved'))).toHaveLength(1)
  })

  it('given by two at the same moment promotes once', async () => {
    await passed()
    await Promise.all([approved(), approve(world.database, { model, version: 2, actor: 'local:bob' })])
    await world.settle(model)
    expect(await standing()).toMatchObject({ live: 2, generation: 2 })
  })

  it('is refused without a verdict', async () => {
    await inShadow()
    expect(await codeOf(approved())).toBe('rollout.no_verdict')
  })

  it('is refused when the person looked at something else', async () => {
    await passed()
    const rollout = await world.rollout(model)
    const seen = {
      rolloutId: rollout.id,
      candidateDigest: rollout.digest,
      baselineDigest: rollout.baselineDigest,
      policyHash: 'another policy',
    }
    const act = { model, version: 2, actor: ada }
    expect(await codeOf(approve(world.database, { ...act, seen }))).toBe('rollout.stale_decision')
    const same = { ...seen, policyHash: rollout.policyHash }
    expect(await approve(world.database, { ...act, seen: same })).toMatchObject({ changed: true })
  })

  it('that ran out before the promotion does not count', async () => {
    await passed()
    await approved()
    const { prisma } = world.database
    await prisma.$executeRaw`UPDATE approval SET expires_at = clock_timestamp() - interval '1 second' WHERE rollout_id = ${(await world.rollout(model)).id}::uuid`
    expect(await world.settle(model)).toEqual([])
    expect(await approved()).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })

  it('of a model that is not there names what to do', async () => {
    const nowhere = approve(world.database, { model: 'nowhere', version: 1, actor: ada })
    expect(await codeOf(nowhere)).toBe('control.not_found')
    await world.push(model, 1)
    expect(await codeOf(approve(world.database, { model, version: 9, actor: ada }))).toBe('rollout.not_found')
  })
})

describe('reconcile', () => {
  it('changes nothing when it looks again at what it did', async () => {
    await passed()
    const before = await world.record(model)
    const audits = await world.sentences(model)
    for (let i = 0; i < 5; i++) expect(await world.reconcile(model)).toMatchObject({ progressed: false })
    const after = await world.record(model)
    expect({ ...after, readAt: before.readAt }).toEqual(before)
    expect(await world.sentences(model)).toEqual(audits)
  })

  it('that dies before it commits has done nothing: the next look does the same', async () => {
    await passed()
    await approved()
    const before = await world.record(model)
    const dying = world.database.transaction(async (tx) => {
      expect(await reconcileModelOnce(tx, model)).toMatchObject({ did: 'cleared' })
      throw new Error('power cut')
    })
    await expect(dying).rejects.toThrow('power cut')
    expect(await world.record(model)).toEqual({ ...before, readAt: expect.any(Date) })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await standing()).toMatchObject({ live: 2, generation: 2 })
  })

  it('by two controllers at the same time takes each step once', async () => {
    await passed()
    await approved()
    await node.catchUp()
    await Promise.all([1, 2, 3, 4].map(() => world.reconcile(model)))
    await Promise.all([1, 2, 3, 4].map(() => world.reconcile(model)))
    const record = await world.record(model)
    expect(record).toMatchObject({ live: 2, generation: 2 })
    expect(record.promotions).toHaveLength(2)
    expect((await world.sentences(model)).filter((one) => one.endsWith('v2 went live'))).toHaveLength(1)
  })
})
