import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { promote, releaseHold, retry, rollback, verifyAudit } from '../src/index.ts'
import { step } from './support/fake-git.ts'
import { World } from './support/world.ts'

let world: World

beforeAll(async () => {
  world = await World.open()
})
beforeEach(() => world.reset())
afterAll(() => world?.close())

const ADA = { actor: 'local:ada', reason: 'it is needed' }
const FILE = 'environments/production.yaml'
const model = 'iris'

/** Versions 1 to 3, each proven by having been live, the last one still is. */
async function withThree(): Promise<void> {
  await world.node('node')
  await world.withLive(model, { config: 'rollout: {strategy: immediate}\n' })
  for (const number of [2, 3]) {
    await world.pushValid(model, number)
    await world.settle(model)
  }
}

const live = (number: number) => ({ [model]: { live: number, labels: {} } })

describe('a pointer entry', () => {
  it('returns at once to an older version that is proven, and says why in the record', async () => {
    await withThree()
    await world.point(live(1))
    await world.settle(model)
    const record = await world.record(model)
    expect(record).toMatchObject({ live: 1, previous: 3, drift: { reason: 'pinned' } })
    expect(record.promotions[0]).toMatchObject({ kind: 'returning', fromNumber: 3, toNumber: 1 })
    expect(record.promotions[0]?.reason).toBe(`${FILE} asks for v1`)
    expect(await world.sentences(model)).toEqual(
      expect.arrayContaining([
        `${FILE} asks for live v1 of iris`,
        expect.stringContaining('iris v1 is proven and asked for by the environment file'),
      ]),
    )
    expect(await verifyAudit(world.database)).toMatchObject({ ok: true })
  })

  it('keeps the trigger from starting what is pushed after it, until it is taken out', async () => {
    await withThree()
    await world.point(live(3))
    await world.pushValid(model, 4)
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 3, drift: { reason: 'pinned' } })
    await world.point({})
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 4, pointer: null, drift: null })
  })

  it('does not undo a rollback of what it brought, also when its labels change', async () => {
    await withThree()
    await world.point(live(1))
    await world.settle(model)
    await rollback(world.database, { model, ...ADA, noWithdraw: true })
    await releaseHold(world.database, { model, ...ADA })
    await world.point({ [model]: { live: 1, labels: { stable: 3 } } })
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 3, drift: { reason: 'rolloutFailed' } })
  })

  it("does not undo a person's promotion, and is carried out again once it was taken out", async () => {
    await withThree()
    await world.point(live(2))
    await world.settle(model)
    await promote(world.database, { model, version: 3, ...ADA })
    await world.settle(model)
    await world.point({ [model]: { live: 2, labels: { stable: 2 } } })
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 3, drift: { reason: 'pinned' } })
    await world.point({})
    await world.point(live(2))
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 2 })
  })

  it("is overtaken by a person's promotion while what it names is still validated", async () => {
    await withThree()
    await world.push(model, 5)
    await world.point(live(5))
    await world.pushValid(model, 4)
    await promote(world.database, { model, version: 4, ...ADA })
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 4, pointer: { settled: true } })
    await world.validate(model, 5)
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 4, drift: { reason: 'pinned' } })
  })

  it('overtakes a rollout of another version, which may be tried again', async () => {
    await world.node('node')
    await world.withLive(model)
    await world.pushValid(model, 2)
    await world.settle(model)
    await world.point(live(1))
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 1, standings: [{ standing: 'proven' }] })
    expect(await world.rollout(model)).toMatchObject({ number: 2, state: 'aborted', reason: 'superseded' })
    expect(await world.sentences(model)).toContain('iris: Git asks for v1, which is live')
    await retry(world.database, { model, version: 2, ...ADA })
    await world.settle(model)
    expect(await world.rollout(model)).toMatchObject({ number: 2, state: 'progressing', step: 'shadow' })
  })

  it('goes through evidence to an older version that was never live', async () => {
    await world.node('node')
    await world.pushValid(model, 1)
    await world.pushValid(model, 2)
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 2 })
    await world.point(live(1))
    await world.settle(model)
    expect(await world.rollout(model)).toMatchObject({ number: 1, kind: 'evidence', step: 'shadow' })
  })

  it('waits for a version that is not in Git yet, and starts nothing meanwhile', async () => {
    await withThree()
    await world.point(live(5))
    await world.pushValid(model, 4)
    expect(await world.settle(model)).toEqual([])
    expect(await world.record(model)).toMatchObject({ live: 3, drift: { reason: 'deletedInGit' } })
    await world.pushValid(model, 5)
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 5, drift: null })
  })

  it('comes with the model itself', async () => {
    await world.node('node')
    await world.sync(step.newModel(model, null), step.newVersion(model, 1, { bytes: '1' }))
    await world.point(live(1))
    await world.validate(model, 1)
    await world.pushValid(model, 2)
    await world.settle(model)
    expect(await world.record(model)).toMatchObject({ live: 1, drift: { reason: 'pinned' } })
  })
})
