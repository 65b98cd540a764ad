import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { reject } from '../src/index.ts'
import { type FakeNode, step, World } from './support/index.ts'

let world: World
let node: FakeNode
let counter = 0
let model = ''

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.withLive(model)
})

async function drift() {
  await world.settle(model)
  return (await world.record(model)).drift
}

const setBack = () =>
  world.database.prisma
    .$executeRaw`UPDATE model SET drift_since = drift_since - interval '1 hour' WHERE name = ${model}`

describe('drift', () => {
  it('is none while the newest version in Git is live', async () => {
    expect(await drift()).toBeNull()
  })

  it('has a true reason at every step of a version, and one age from the push to the end', async () => {
    await world.push(model, 2)
    const began = await drift()
    expect(began).toMatchObject({
      reason: 'validating',
      detail: 'v2 is the newest in Git and is being validated; v1 is live',
    })
    await setBack()
    const since = (await world.record(model)).drift?.since
    await world.validate(model, 2)
    expect(await drift()).toMatchObject({ reason: 'rolloutRunning', since })
    await node.counts(model, { pairs: 600 })
    expect(await drift()).toMatchObject({ reason: 'rolloutRunning', since })
    await reject(world.database, { model, reason: 'not today', actor: 'local:ada' })
    expect(await drift()).toMatchObject({ reason: 'rolloutFailed', since })
  })

  it('begins anew when it was away in between', async () => {
    await world.push(model, 2)
    await drift()
    await setBack()
    const before = (await world.record(model)).drift?.since
    await world.sync(step.tip({ type: 'missingVersion', model, number: 2 }))
    expect(await drift()).toBeNull()
    await world.sync(step.tip({ type: 'returnedVersion', model, number: 2 }))
    const after = (await drift())?.since
    expect(after?.getTime()).toBeGreaterThan(before?.getTime() ?? 0)
  })

  it('says why a version was rejected, also one whose bytes were refused', async () => {
    await world.push(model, 2)
    await world.validate(model, 2, {
      ok: false,
      reasons: [{ code: 'onnx.load_failed', message: 'unknown operator Foo' }],
    })
    expect(await drift()).toMatchObject({
      reason: 'rejected',
      detail: 'v2 is the newest in Git and was rejected: unknown operator Foo; v1 is live',
    })
    const problem = {
      path: `models/${model}/3/model.onnx`,
      code: 'gitops.file_empty',
      message: 'it has 0 bytes.',
    } as const
    await world.sync(step.problems(model, [problem]))
    expect(await drift()).toMatchObject({ reason: 'rejected', detail: expect.stringContaining('0 bytes') })
  })

  it('is written only when it changed: looking again leaves no trace', async () => {
    await world.push(model, 2)
    await drift()
    const { prisma } = world.database
    const xmin = () => prisma.$queryRaw`SELECT xmin::text FROM model WHERE name = ${model}`
    const before = await xmin()
    await world.reconcile(model)
    expect(await xmin()).toEqual(before)
  })
})
