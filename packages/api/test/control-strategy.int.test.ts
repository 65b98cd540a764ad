import type { FakeNode, World } from '@understudy/db/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { controlRouter } from '../src/control/index.ts'
import { ADA, ControlStage, MODEL as model } from './support/control-stage.ts'

let stage: ControlStage
let world: World
let node: FakeNode
let caller: ReturnType<typeof controlRouter.createCaller>

beforeAll(async () => {
  stage = await ControlStage.open()
  world = stage.world
  caller = controlRouter.createCaller({ service: stage.service, actor: ADA, onFault: () => undefined })
})
beforeEach(async () => {
  node = await stage.reset()
})
afterAll(() => stage.close())

async function inShadow(config = ''): Promise<void> {
  await world.withLive(model, { config })
  await world.pushValid(model, 2)
  await world.settle(model)
}

async function shown() {
  const { rollout } = await caller.model({ name: model })
  if (rollout === null) throw new Error('there is no rollout')
  return rollout
}

describe('an open rollout, through the router', () => {
  it('is paused and goes on where it was, each once however often it is said', async () => {
    await inShadow()
    expect((await shown()).may).toMatchObject({
      pause: { allowed: true },
      resume: { allowed: false },
      abort: { allowed: true },
      promoteNow: { allowed: false },
    })
    expect(await caller.pause({ model })).toMatchObject({ changed: true })
    expect(await caller.pause({ model })).toMatchObject({ changed: false })
    expect(await shown()).toMatchObject({ state: 'paused', pauseReason: 'byUser', step: 'shadow' })
    expect((await shown()).may).toMatchObject({ pause: { allowed: false }, resume: { allowed: true } })
    expect(await caller.why({ model })).toMatchObject({
      command: expect.stringContaining(`understudy resume ${model}`),
    })
    expect(await caller.resume({ model })).toMatchObject({ changed: true })
    expect(await caller.resume({ model })).toMatchObject({ changed: false })
    expect(await shown()).toMatchObject({ state: 'progressing', step: 'shadow' })
  })

  it('is aborted only with a reason, which is kept', async () => {
    await inShadow()
    await expect(caller.abort({ model, reason: 'x' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(await caller.abort({ model, reason: 'not today' })).toMatchObject({ changed: true })
    expect(await caller.abort({ model, reason: 'not today' })).toMatchObject({ changed: false })
    expect(await shown()).toMatchObject({ state: 'aborted' })
    const { entries } = await caller.audit({ model, limit: 1 })
    expect(entries).toMatchObject([{ actor: ADA, reason: 'not today' }])
  })

  it('goes live without a verdict only when it waits for one, and the record says who let it', async () => {
    await inShadow('rollout: {shadow: {maxDuration: 1h}}')
    await expect(caller.promoteNow({ model, reason: 'we know it' })).rejects.toThrow()
    await world.pass(model, 3_600_000)
    await world.settle(model)
    expect((await shown()).may.promoteNow.allowed).toBe(true)
    expect(await caller.promoteNow({ model, reason: 'we know it' })).toMatchObject({ changed: true })
    await world.settle(model)
    expect(await shown()).toMatchObject({ promotedNow: { actor: ADA, reason: 'we know it' } })
    expect((await caller.model({ name: model })).live).toMatchObject({ number: 2 })
  })

  it('shows its way with canary and bake, and the weight that it reached', async () => {
    await inShadow('rollout: {canary: [5, 50], bake: 10m, approval: {required: 0}}')
    const steps = (await shown()).steps.map(({ step }) => step)
    expect(steps).toEqual(['validate', 'load', 'shadow', 'canary', 'promote', 'bake'])
    await node.counts(model, { pairs: 600 })
    await world.settle(model)
    expect(await shown()).toMatchObject({
      step: 'canary',
      canaryPercent: 5,
      canaryWeights: [5, 50],
      bakeSeconds: 600,
    })
  })

  it('counts approvals by people and groups', async () => {
    await world.withLive(model, {
      config: `rollout: {approval: {required: 2, groups: [{name: leads, members: ["${ADA}", bea]}]}}`,
    })
    await world.pushValid(model, 2)
    await world.settle(model)
    expect(await shown()).toMatchObject({
      approvalsRequired: 2,
      approvals: [],
      approvalGroups: [{ name: 'leads', required: 1, given: 0 }],
    })
  })
})

describe('a hold, through the router', () => {
  it('fixes what is live until it is released, and says when it runs out', async () => {
    await world.withLive(model)
    const act = { model, reason: 'an incident is open', expiresInMs: 3_600_000 }
    expect(await caller.hold(act)).toMatchObject({ changed: true })
    const { hold } = await caller.model({ name: model })
    expect(hold).toMatchObject({ actor: ADA, reason: act.reason, expiresAt: expect.any(String) })
    expect(await caller.releaseHold({ model })).toMatchObject({ changed: true })
    expect(await caller.releaseHold({ model })).toMatchObject({ changed: false })
    expect((await caller.model({ name: model })).hold).toBeNull()
  })
})

describe('evidence', () => {
  it('of a rollout is shown with its counters, and its verdict computed again is the same', async () => {
    await stage.waitsForApproval(node)
    const evidence = await caller.evidence({ model })
    expect(evidence).toMatchObject({
      model,
      candidate: 2,
      baseline: 1,
      analysis: { outcome: 'pass', attempt: 1 },
    })
    expect(evidence.verdicts).toMatchObject([{ seq: 1, stored: 'pass', recomputed: 'pass', same: true }])
  })

  it('shows which way rows went over a threshold, of an output that does not decide, and the verdict is the same', async () => {
    await world.withLive(model, { config: 'outputs: {score: {compare: {kind: threshold, at: 0.5}}}' })
    await world.pushValid(model, 2)
    await world.settle(model)
    await node.counts(model, { pairs: 600, differing: { score: 12 }, flips: { score: { up: 9, down: 3 } } })
    await world.settle(model)
    const { analysis, verdicts } = await caller.evidence({ model })
    expect(analysis.flips).toEqual([
      {
        ...{ output: 'score', threshold: 0.5, source: 'live', up: 9, down: 3, neither: 588 },
        logDiffers: expect.any(Number),
      },
    ])
    const { rollout } = await caller.model({ name: model })
    expect(rollout?.analysis?.flips).toEqual(analysis.flips)
    expect(verdicts).toMatchObject([{ stored: 'pass', recomputed: 'pass', same: true }])
  })

  it('is shown without flips where nodes of an earlier release counted none', async () => {
    await stage.waitsForApproval(node)
    expect((await caller.evidence({ model })).analysis.flips).toEqual([])
  })

  it('that was tampered with after the verdict no longer gives it', async () => {
    await stage.waitsForApproval(node)
    const row = await world.database.prisma.verdict.findFirstOrThrow()
    const stored = JSON.parse(JSON.stringify(row.analysis))
    for (const counters of stored.analysis.counted.counters) counters.nPlus = 500
    await world.database.prisma.verdict.updateMany({ data: { analysis: stored } })
    const { verdicts } = await caller.evidence({ model, version: 2 })
    expect(verdicts).toMatchObject([{ stored: 'pass', same: false }])
  })

  it('of an earlier release is shown with the verdict that was stored, which cannot be computed again', async () => {
    await stage.waitsForApproval(node)
    const row = await world.database.prisma.verdict.findFirstOrThrow()
    const stored = JSON.parse(JSON.stringify(row.analysis))
    const { counted: _, ...analysis } = stored.analysis
    await world.database.prisma.verdict.updateMany({ data: { analysis: { analysis, evidence: null } } })
    const { verdicts } = await caller.evidence({ model })
    expect(verdicts).toMatchObject([{ stored: 'pass', recomputed: null, same: false }])
  })

  it('of a model that had no rollout is not found, and it is said where to look', async () => {
    await world.withLive(model)
    await expect(caller.evidence({ model })).rejects.toThrow(/understudy why iris/)
  })
})
