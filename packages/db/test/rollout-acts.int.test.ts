import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  abort,
  approve,
  hold,
  pause,
  promote,
  promoteNow,
  reconcileModelOnce,
  rehearse,
  releaseHold,
  resume,
  retry,
  rollback,
} from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { dyingTx, POWER_CUT } from './support/dying-tx.ts'
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

const reason = 'the team decided'
const MINUTE = 60_000

async function mirror() {
  return (await node.store.readPlan()).models.find((one) => one.model === model)?.mirror ?? null
}

const by = (actor: string) => approve(world.database, { model, version: 2, actor })

describe('approval', () => {
  it('by two takes two people, and the same one twice is one', async () => {
    await rollouts.passed(model, 'rollout: {approval: {required: 2}}')
    expect((await by('ada@example.org')).sentence).toContain('1 of 2 approvals count')
    expect(await by('ada@example.org')).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual([])
    expect((await by('bob@example.org')).sentence).toContain('goes live')
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect((await world.record(model)).promotions[0]?.actor).toBe('ada@example.org, bob@example.org')
  })

  it('by groups takes one of each, and says who is missing', async () => {
    const groups = '[{name: risk, members: [bob@example.org]}, {name: team, members: [ada@example.org]}]'
    await rollouts.passed(model, `rollout: {approval: {required: 1, groups: ${groups}}}`)
    expect((await by('ada@example.org')).sentence).toContain('still missing: 1 of risk')
    expect(await world.settle(model)).toEqual([])
    await by('bob@example.org')
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })

  it('takes two where self-approval is refused and nobody is proved to have pushed', async () => {
    await rollouts.passed(model, 'rollout: {approval: {required: 1, selfApprove: false}}')
    expect((await by('ada@example.org')).sentence).toContain('Nobody is proved to have pushed it')
    expect(await world.settle(model)).toEqual([])
    await by('bob@example.org')
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })

  it('of one local user suffices while there is no login, and the record says so', async () => {
    await rollouts.passed(model, 'rollout: {approval: {required: 2}}')
    await by(ADA)
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect((await world.sentences(model)).join()).toContain('there is no login')
  })

  it('that ran out while nodes lagged does not promote; given again it does, and the old one stays', async () => {
    await rollouts.passed(model)
    await by(ADA)
    const held = { [`${model}@2`]: { state: 'loading' } } as const
    expect(await world.settle(model, held)).toEqual(['cleared'])
    const { id } = await world.rollout(model)
    await world.database.prisma
      .$executeRaw`UPDATE approval SET expires_at = clock_timestamp() - interval '1 second' WHERE rollout_id = ${id}::uuid`
    expect(await world.settle(model)).toEqual(['approvalMissing'])
    expect(await world.record(model)).toMatchObject({ live: 1, generation: 1 })
    await by(ADA)
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    const { approvals } = await world.rollout(model)
    expect(approvals.map((approval) => approval.consumedAt !== null)).toEqual([false, true])
  })

  it('starts the canary where the policy has one', async () => {
    await rollouts.passed(model, 'rollout: {canary: [10]}')
    expect((await by(ADA)).sentence).toContain('canary begins: 10 %')
    expect(await world.settle(model)).toEqual(['cleared'])
    expect(await mirror()).toMatchObject({ step: 'canary-10' })
  })
})

describe('a person who pauses a rollout', () => {
  it('stops mirroring and canary; resumed, it goes on at its weight and waits its time again', async () => {
    const policy = 'rollout: {canary: [5], canaryMinDuration: 1m, approval: {required: 0}}'
    await rollouts.inShadow(model, policy)
    await node.counts(model, CLEAN)
    await world.settle(model)
    await node.counts(model, CLEAN)
    await world.pass(model, MINUTE)
    const act = { model, reason: 'lunch', actor: ADA }
    expect(await pause(world.database, act)).toMatchObject({ changed: true })
    expect(await pause(world.database, act)).toMatchObject({ changed: false })
    expect(await mirror()).toBeNull()
    expect(await world.settle(model)).toEqual([])
    expect(await resume(world.database, act)).toMatchObject({ changed: true })
    expect(await resume(world.database, act)).toMatchObject({ changed: false })
    expect(await mirror()).toMatchObject({ step: 'canary-5', candidateShare: 0.05 })
    expect(await world.settle(model)).toEqual([])
    await world.pass(model, MINUTE)
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
  })
})

describe('promote now', () => {
  it('lets a version without verdict go live, with actor and reason on rollout, promotion and audit', async () => {
    await rollouts.inShadow(model, 'rollout: {shadow: {maxDuration: 1h}}')
    await node.counts(model, { pairs: 10 })
    const act = { model, reason, actor: ADA }
    expect(await codeOf(promoteNow(world.database, act))).toBe('rollout.not_promotable')
    await world.pass(model, 60 * MINUTE)
    expect(await world.settle(model)).toEqual(['inconclusive'])
    expect(await codeOf(promoteNow(world.database, { ...act, reason: '' }))).toBe('rollout.reason_required')
    expect(await promoteNow(world.database, act)).toMatchObject({ changed: true })
    expect(await promoteNow(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['committed'])
    expect((await world.rollout(model)).promotedNow).toMatchObject({ actor: ADA, reason })
    const { promotions } = await world.record(model)
    expect(promotions[0]).toMatchObject({ kind: 'promoteNow', toNumber: 2, actor: ADA, reason })
    expect((await world.sentences(model)).at(-1)).toContain(`without its verdict, by ${ADA}`)
  })
})

describe('a rehearsal', () => {
  /** Version 1 is live, version 2 waits for a person to start it. */
  async function manual(rest: string): Promise<void> {
    await world.withLive(model)
    await world.sync(step.config(model, `rollout: {trigger: manual, ${rest}}`))
    await world.pushValid(model, 2)
  }

  it('is compared, ends with its verdict, promotes nothing and leaves the standing as it was', async () => {
    await manual('approval: {required: 0}')
    const act = { model, version: 2, actor: ADA }
    expect(await rehearse(world.database, act)).toMatchObject({ changed: true })
    expect(await rehearse(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect(await world.rollout(model)).toMatchObject({ kind: 'rehearsal' })
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual(['aborted'])
    expect(await world.rollout(model)).toMatchObject({
      ...{ state: 'aborted', reason: 'rehearsed', verdict: 'pass' },
      summary: 'Pass: v2 is not worse than v1 by more than your margins, after 600 pairs.',
    })
    const record = await world.record(model)
    expect(record).toMatchObject({ live: 1, generation: 1, aspired: [1], drift: { reason: 'manual' } })
    expect(record.standings.map((row) => row.digest)).toEqual([digestOf(`${model} 1`)])
    // It counts as evidence: the rollout that follows goes on from there.
    expect(await promote(world.database, act)).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady', 'cleared', 'committed'])
  })

  it('that finds harm fails nobody', async () => {
    await manual('approval: {required: 1}')
    await rehearse(world.database, { model, version: 2, actor: ADA })
    await world.settle(model)
    await node.counts(model, { pairs: 600, failed: 90 })
    expect(await world.settle(model)).toEqual(['aborted'])
    expect(await world.rollout(model)).toMatchObject({ reason: 'rehearsed', verdict: 'fail' })
    expect((await world.record(model)).standings).toHaveLength(1)
  })
})

describe('retry', () => {
  it('with fresh evidence counts anew as the next attempt, judged more strictly, also after a fail', async () => {
    await rollouts.inShadow(model)
    await node.counts(model, { pairs: 600, failed: 90 })
    await world.settle(model)
    const act = { model, reason, actor: ADA }
    expect(await codeOf(retry(world.database, act))).toBe('rollout.retry_refused')
    expect(await codeOf(retry(world.database, { model, fresh: true, actor: ADA }))).toBe(
      'rollout.reason_required',
    )
    expect(await retry(world.database, { ...act, fresh: true })).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect((await world.rollout(model)).evidence).toMatchObject({ attempt: 2, counters: [] })
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual([])
    await node.counts(model, { pairs: 800 })
    expect(await world.settle(model)).toEqual(['passed'])
  })
})

describe('a hold', () => {
  it('fixes what is live until it is released; past its expiry it still stands', async () => {
    await world.withLive(model)
    const act = { model, reason, expiresInMs: MINUTE, actor: ADA }
    expect(await hold(world.database, act)).toMatchObject({ changed: true })
    expect(await hold(world.database, act)).toMatchObject({ changed: false })
    await world.database.prisma
      .$executeRaw`UPDATE hold SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour' WHERE model = ${model}`
    await world.pushValid(model, 2)
    await world.settle(model)
    await node.counts(model, CLEAN)
    expect(await world.settle(model)).toEqual(['held'])
    const { hold: held, readAt } = await world.record(model)
    expect(held?.expiresAt?.getTime()).toBeLessThan(readAt.getTime())
    expect(await releaseHold(world.database, { model, actor: ADA })).toMatchObject({ changed: true })
    expect(await releaseHold(world.database, { model, actor: ADA })).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual(['released'])
  })

  it('again changes nothing; for another reason it is another, under which nobody has approved', async () => {
    await world.withLive(model)
    const act = { model, reason, expiresInMs: null, actor: ADA }
    await hold(world.database, act)
    expect(await hold(world.database, act)).toMatchObject({ changed: false })
    await world.pushValid(model, 2)
    await world.settle(model)
    await node.counts(model, CLEAN)
    await world.settle(model)
    await by(ADA)
    expect(await hold(world.database, { ...act, reason: 'an audit' })).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 1, hold: { reason: 'an audit' } })
  })

  it('needs something live, and a reason', async () => {
    await world.pushValid(model, 1)
    const act = { model, reason, expiresInMs: null, actor: ADA }
    expect(await codeOf(hold(world.database, act))).toBe('control.invalid_input')
    expect(await codeOf(hold(world.database, { ...act, reason: 'x' }))).toBe('rollout.reason_required')
  })
})

describe('a rollback without withdrawal', () => {
  it('makes the digest failed: it comes back when somebody asks', async () => {
    await rollouts.passed(model)
    await by(ADA)
    await world.settle(model)
    const act = { model, from: 2, noWithdraw: true, reason, actor: ADA }
    expect((await rollback(world.database, act)).sentence).toContain('may be tried again on request')
    const { standings } = await world.record(model)
    expect(standings.find((row) => row.digest === digestOf(`${model} 2`))?.standing).toBe('failed')
    await retry(world.database, { model, version: 2, actor: ADA })
    expect(await world.settle(model)).toContain('started')
  })
})

describe('a power cut before any statement', () => {
  /** Carries the next step of the model out, dying before every one of its statements in turn. */
  async function survives(did: string): Promise<void> {
    const before = await world.record(model)
    const audits = await world.sentences(model)
    for (let after = 0; after < 200; after++) {
      const result = await world.database
        .transaction((tx) => reconcileModelOnce(dyingTx(tx, after), model))
        .catch((error: unknown) => String(error))
      if (typeof result !== 'string') {
        expect(result).toMatchObject({ did })
        expect(after).toBeGreaterThan(20)
        return
      }
      expect(result).toContain(POWER_CUT)
      expect(await world.record(model)).toEqual({ ...before, readAt: expect.any(Date) })
      expect(await world.sentences(model)).toEqual(audits)
    }
    throw new Error('it never came to its end')
  }

  it('of a promotion and of the rollback in its bake has done nothing, and the next look does it', async () => {
    await rollouts.inShadow(model, 'rollout: {bake: 10m}')
    await node.counts(model, CLEAN)
    await world.settle(model)
    await by(ADA)
    expect(await world.reconcile(model)).toMatchObject({ did: 'cleared' })
    await survives('committed')
    await node.catchUp()
    await node.counts(model, { pairs: 600, failed: 90 })
    await survives('rolledBack')
    const { promotions, generation } = await world.record(model)
    expect(promotions.map((row) => row.kind)).toEqual(['rollback', 'evidence', 'first'])
    expect(generation).toBe(3)
  }, 120_000)
})

describe('an abort', () => {
  it('in shadow fails the digest, and is told once', async () => {
    await rollouts.inShadow(model)
    const act = { model, reason, actor: ADA }
    expect(await abort(world.database, act)).toMatchObject({ changed: true })
    expect(await abort(world.database, act)).toMatchObject({ changed: false })
    expect(await world.settle(model)).toEqual([])
    expect(await world.rollout(model)).toMatchObject({ state: 'aborted', reason: 'byUser' })
    await world.sync(step.config(model, 'description: x'))
    expect(await world.settle(model)).toEqual([])
  })
})
