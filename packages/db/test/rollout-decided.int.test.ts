import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { approve, retry } from '../src/index.ts'
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

const BUDGET = 'rollout: {gates: {disagreement: {budget: 0.05}}}'

describe('evidence against a version', () => {
  it.each([
    ['too many errors', { pairs: 600, failed: 90 }, 'errors'],
    ['too much disagreement', { pairs: 600, differing: { label: 120 } }, 'disagreement'],
    ['a broken invariant', { pairs: 1, breach: { kind: 'dtype', detail: 'score is int64' } }, 'invariant'],
  ])('of %s fails it at once, and live goes on', async (_, counted, reason) => {
    await rollouts.inShadow(model, BUDGET)
    await node.counts(model, counted)
    expect(await world.settle(model)).toEqual(['failed'])
    expect(await world.rollout(model)).toMatchObject({ state: 'failed', reason, verdict: 'fail' })
    expect(await rollouts.standing(model)).toEqual({ live: 1, previous: null, generation: 1, aspired: [1] })
    expect((await world.record(model)).standings).toContainEqual(
      expect.objectContaining({ digest: digestOf(`${model} 2`), standing: 'failed' }),
    )
    const again = retry(world.database, { model, actor: ADA })
    expect(await codeOf(again)).toBe('rollout.retry_refused')
  })

  it('that comes while it waits for approval still fails it', async () => {
    await rollouts.passed(model)
    await node.counts(model, { pairs: 800, failed: 150 })
    expect(await world.settle(model)).toEqual(['failed'])
  })

  it('does not decide without a budget: disagreement is shown only', async () => {
    await rollouts.inShadow(model)
    await node.counts(model, { pairs: 600, differing: { label: 500 } })
    expect(await world.settle(model)).toEqual(['passed'])
  })

  it('of lost pairs makes a pass inconclusive, and retry lets the shadow go on', async () => {
    await rollouts.inShadow(model, 'rollout: {shadow: {minDuration: 1m}}')
    await node.counts(model, { pairs: 600, lost: 100 })
    await world.pass(model, 60_000)
    expect(await world.settle(model)).toEqual(['inconclusive'])
    expect(await codeOf(rollouts.approved(model))).toBe('rollout.no_verdict')
    expect(await retry(world.database, { model, actor: ADA })).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual([])
    await node.counts(model, { pairs: 6_000, lost: 100 })
    await world.pass(model, 60_000)
    expect(await world.settle(model)).toEqual(['passed'])
  })

  it('that never came is no data, not a pass', async () => {
    await rollouts.inShadow(model, 'rollout: {shadow: {maxDuration: 1h}}')
    await world.pass(model, 3_600_000)
    expect(await world.settle(model)).toEqual(['noData'])
    expect(await world.rollout(model)).toMatchObject({ state: 'paused', pauseReason: 'noData' })
    await retry(world.database, { model, actor: ADA })
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
    await rollouts.inShadow(model)
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
    await rollouts.passed(model)
    await rollouts.approved(model)
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
    await rollouts.inShadow(model)
    await world.sync(step.config(model, 'description: better words\nruntime: {timeoutMs: 2000}\n'))
    expect(await world.settle(model)).toEqual([])
  })

  it('aborts it when the version leaves Git', async () => {
    await rollouts.inShadow(model)
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
    await rollouts.passed(model)
    expect(await rollouts.approved(model)).toMatchObject({ changed: true })
    expect(await rollouts.approved(model)).toEqual({
      changed: false,
      sentence: `You approved ${model} v2 already.`,
    })
    await world.settle(model)
    expect(await rollouts.approved(model)).toMatchObject({ changed: false })
    expect((await world.sentences(model)).filter((one) => one.startsWith(`${ADA} approved`))).toHaveLength(1)
  })

  it('given by two at the same moment promotes once', async () => {
    await rollouts.passed(model)
    await Promise.all([
      rollouts.approved(model),
      approve(world.database, { model, version: 2, actor: 'local:bob' }),
    ])
    await world.settle(model)
    expect(await rollouts.standing(model)).toMatchObject({ live: 2, generation: 2 })
  })

  it('is refused without a verdict', async () => {
    await rollouts.inShadow(model)
    expect(await codeOf(rollouts.approved(model))).toBe('rollout.no_verdict')
  })

  it('is refused when the person looked at something else', async () => {
    await rollouts.passed(model)
    const rollout = await world.rollout(model)
    const seen = {
      rolloutId: rollout.id,
      candidateDigest: rollout.digest,
      baselineDigest: rollout.baselineDigest,
      policyHash: 'another policy',
    }
    const act = { model, version: 2, actor: ADA }
    expect(await codeOf(approve(world.database, { ...act, seen }))).toBe('rollout.stale_decision')
    const same = { ...seen, policyHash: rollout.policyHash }
    expect(await approve(world.database, { ...act, seen: same })).toMatchObject({ changed: true })
  })

  it('that ran out before the promotion does not count', async () => {
    await rollouts.passed(model)
    await rollouts.approved(model)
    const { prisma } = world.database
    await prisma.$executeRaw`UPDATE approval SET expires_at = clock_timestamp() - interval '1 second' WHERE rollout_id = ${(await world.rollout(model)).id}::uuid`
    expect(await world.settle(model)).toEqual([])
    expect(await rollouts.approved(model)).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })

  it('of a model that is not there names what to do', async () => {
    const nowhere = approve(world.database, { model: 'nowhere', version: 1, actor: ADA })
    expect(await codeOf(nowhere)).toBe('control.not_found')
    await world.push(model, 1)
    expect(await codeOf(approve(world.database, { model, version: 9, actor: ADA }))).toBe('rollout.not_found')
  })
})
