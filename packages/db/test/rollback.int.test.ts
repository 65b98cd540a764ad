import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { approve, lift, reject, retry, rollback, verifyAudit } from '../src/index.ts'
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
const reason = 'wrong answers'
const back = (act: { readonly from?: number; readonly generation?: number } = {}) =>
  rollback(world.database, { model, reason, actor: ada, ...act })

async function standing() {
  const { live, previous, generation, hold, drift } = await world.record(model)
  return { live, previous, generation, held: hold !== null, drift: drift?.reason ?? null }
}

/** Brings the next number live the long way. */
async function promote(number: number, bytes?: string): Promise<void> {
  await world.pushValid(model, number, bytes === undefined ? {} : { bytes })
  await world.settle(model)
  await node.counts(model, { pairs: 600 })
  await world.settle(model)
  await approve(world.database, { model, version: number, actor: ada })
  await world.settle(model)
  expect(await world.record(model)).toMatchObject({ live: number })
}

/** Versions 1 and 2 were live, the short way. */
async function withTwo(): Promise<void> {
  await world.withLive(model, { config: 'rollout: {strategy: immediate}' })
  await world.pushValid(model, 2)
  await world.settle(model)
  await world.sync(step.config(model, null))
}

async function standingOf(bytes: string): Promise<string | undefined> {
  const { standings } = await world.record(model)
  return standings.find((row) => row.digest === digestOf(bytes))?.standing
}

describe('rollback', () => {
  it('lets the previous version answer again, holds it, and withdraws what it took off', async () => {
    await withTwo()
    expect(await back({ from: 2 })).toMatchObject({ changed: true })
    await world.settle(model)
    expect(await standing()).toEqual({
      live: 1,
      previous: null,
      generation: 3,
      held: true,
      drift: 'withdrawn',
    })
    expect(await standingOf(`${model} 2`)).toBe('withdrawn')
    const record = await world.record(model)
    expect(record.hold).toMatchObject({ number: 1, reason, actor: ada })
    expect(record.promotions[0]).toMatchObject({
      kind: 'rollback',
      fromNumber: 2,
      toNumber: 1,
      toDigest: digestOf(`${model} 1`),
      actor: ada,
      reason,
    })
    expect((await world.sentences(model)).at(-1)).toBe(`${ada} rolled ${model} back from v2 to v1`)
  })

  it('needs no load: every node holds the previous version already', async () => {
    await withTwo()
    const before = await node.store.readPlan()
    expect(before.models.find((plan) => plan.model === model)?.versions.map((one) => one.number)).toEqual([
      1, 2,
    ])
    await back()
    expect((await world.record(model)).live).toBe(1)
  })

  it('twice changes nothing, with and without the version named', async () => {
    await withTwo()
    await back({ from: 2 })
    const before = await world.record(model)
    expect(await back({ from: 2 })).toMatchObject({ changed: false })
    expect(await back()).toMatchObject({ changed: false })
    expect(await world.record(model)).toEqual({ ...before, readAt: expect.any(Date) })
  })

  it('by two people at once takes one version off, not two', async () => {
    await withTwo()
    await promote(3)
    const both = await Promise.all([back({ from: 3 }), back({ from: 3 }), back()])
    expect(both.filter((outcome) => outcome.changed)).toHaveLength(1)
    expect(await standing()).toMatchObject({ live: 2, previous: 1 })
  })

  it('from a version that is no longer live changes nothing', async () => {
    await withTwo()
    await promote(3)
    expect(await back({ from: 2 })).toMatchObject({ changed: false })
    expect(await standing()).toMatchObject({ live: 3, generation: 3 })
  })

  it('from a generation that has passed changes nothing, also when the same version is live again', async () => {
    await world.withLive(model)
    await promote(2)
    expect(await back({ from: 2, generation: 2 })).toMatchObject({ changed: true })
    await lift(world.database, { model, digest: digestOf(`${model} 2`), reason: 'was fine', actor: ada })
    await retry(world.database, { model, version: 2, actor: ada })
    await world.settle(model)
    await approve(world.database, { model, version: 2, actor: ada })
    await world.settle(model)
    expect(await standing()).toMatchObject({ live: 2, generation: 4 })
    expect(await back({ from: 2, generation: 2 })).toMatchObject({ changed: false })
    expect(await back({ generation: 2 })).toMatchObject({ changed: false })
    expect(await back({ from: 2, generation: 4 })).toMatchObject({ changed: true })
  })

  it('goes back further and further, each time to what preceded the restored version', async () => {
    await withTwo()
    await promote(3)
    await back({ from: 3 })
    expect(await standing()).toMatchObject({ live: 2, previous: 1 })
    await back({ from: 2 })
    expect(await standing()).toMatchObject({ live: 1, previous: null })
    expect(await codeOf(back({ from: 1 }))).toBe('rollout.no_previous')
  })

  it('is refused when there is nothing to return to, or nothing to take off', async () => {
    await world.pushValid(model, 1)
    expect(await codeOf(back())).toBe('rollout.no_previous')
    await world.settle(model)
    expect(await codeOf(back())).toBe('rollout.no_previous')
    expect(await standing()).toMatchObject({ live: 1, held: false })
  })

  it('never returns to the bytes it takes off, under whatever number they went live', async () => {
    await withTwo()
    await world.pushValid(model, 3, { bytes: `${model} 2` })
    await world.settle(model)
    expect(await standing()).toMatchObject({ live: 3, previous: 1 })
    await back({ from: 3 })
    expect(await standing()).toMatchObject({ live: 1 })
    expect(await standingOf(`${model} 1`)).toBe('proven')
  })

  it('does not return to the bytes it takes off when it goes back twice', async () => {
    await withTwo()
    await world.pushValid(model, 3, { bytes: `${model} 2` })
    await world.settle(model)
    await promote(4)
    await back({ from: 4 })
    expect(await standing()).toMatchObject({ live: 3, previous: 1 })
  })

  it('ends a rollout against the version it takes off', async () => {
    await withTwo()
    await world.pushValid(model, 3)
    await world.settle(model)
    await back({ from: 2 })
    expect(await world.rollout(model)).toMatchObject({
      number: 3,
      state: 'aborted',
      reason: 'baselineChanged',
    })
    expect(await world.record(model)).toMatchObject({ live: 1, aspired: [1] })
    // Version 3 is tried again, against what is live now.
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect(await world.rollout(model)).toMatchObject({ number: 3, baselineNumber: 1 })
  })
})

describe('after a rollback', () => {
  beforeEach(async () => {
    await withTwo()
    await back({ from: 2 })
    await world.settle(model)
  })

  it('the next version is shadowed, then held; approving it ends the hold', async () => {
    await world.pushValid(model, 3)
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
    expect(await standing()).toMatchObject({ drift: 'heldByOperator' })
    await node.counts(model, { pairs: 600 })
    expect(await world.settle(model)).toEqual(['held'])
    expect(await world.rollout(model)).toMatchObject({
      state: 'paused',
      pauseReason: 'held',
      verdict: 'pass',
    })
    expect(await standing()).toMatchObject({ live: 1, held: true, drift: 'heldByOperator' })
    await approve(world.database, { model, version: 3, actor: ada })
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect(await standing()).toEqual({ live: 3, previous: 1, generation: 4, held: false, drift: null })
    const hold = await world.database.prisma.hold.findFirstOrThrow({ where: { modelName: model } })
    expect(hold.closedBy).toBe('promotion of v3')
  })

  it('the hold also stands against a policy that asks for no approval', async () => {
    await world.sync(step.config(model, 'rollout: {strategy: immediate, approval: {required: 0}}'))
    await world.pushValid(model, 3)
    expect(await world.settle(model)).toEqual(['started', 'held'])
    expect(await standing()).toMatchObject({ live: 1, held: true })
  })

  it('the withdrawn bytes come back neither by a sync, nor under a new number', async () => {
    await world.sync(step.config(model, 'description: x'))
    expect(await world.settle(model)).toEqual([])
    await world.pushValid(model, 3, { bytes: `${model} 2` })
    expect(await world.settle(model)).toEqual([])
    expect(await standing()).toMatchObject({ live: 1, drift: 'withdrawn' })
    expect(await codeOf(retry(world.database, { model, version: 2, actor: ada }))).toBe('rollout.withdrawn')
    expect(await world.settle(model)).toEqual([])
  })

  it('lift makes the digest failed and starts nothing; retry then tries it', async () => {
    const digest = digestOf(`${model} 2`)
    const act = { model, digest: digest.slice(0, 8), reason: 'it was the client', actor: ada }
    expect(await lift(world.database, act)).toMatchObject({ changed: true })
    expect(await lift(world.database, act)).toMatchObject({ changed: false })
    expect(await standingOf(`${model} 2`)).toBe('failed')
    expect(await world.settle(model)).toEqual([])
    expect(await standing()).toMatchObject({ live: 1, drift: 'rolloutFailed' })
    expect(await retry(world.database, { model, version: 2, actor: ada })).toMatchObject({ changed: true })
    expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
  })

  it('lift names one withdrawn digest, or nothing', async () => {
    const lifting = (digest: string) => codeOf(lift(world.database, { model, digest, reason, actor: ada }))
    expect(await lifting('ffff')).toBe('rollout.not_withdrawn')
    expect(await lifting(digestOf(`${model} 1`))).toBe('rollout.not_withdrawn')
    const { prisma } = world.database
    const twin = `${digestOf(`${model} 2`).slice(0, 8)}${'0'.repeat(56)}`
    await prisma.digestStanding.create({
      data: { modelName: model, digest: twin, standing: 'withdrawn', actor: ada },
    })
    expect(await lifting(twin.slice(0, 8))).toBe('control.invalid_input')
  })

  it('a rejected candidate leaves the hold where it is', async () => {
    await world.pushValid(model, 3)
    await world.settle(model)
    await reject(world.database, { model, reason: 'not this one', actor: ada })
    await world.settle(model)
    expect(await standing()).toMatchObject({ live: 1, held: true })
  })
})
