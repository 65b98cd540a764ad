import { rollback } from '@understudy/db'
import { linearModel } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ControlPlane } from './support/control-plane.ts'

let plane: ControlPlane

beforeAll(async () => {
  plane = await ControlPlane.open()
  for (const number of [1, 2]) {
    await push({ [`models/iris/${number}/model.onnx`]: linearModel({ seed: number }), ...IMMEDIATE })
    await plane.untilLive('iris', number)
  }
})
afterAll(() => plane?.close())

const IMMEDIATE = { 'models/iris/model.yaml': 'rollout: {strategy: immediate}\n' }
const FILE = 'environments/production.yaml'

async function push(files: Parameters<typeof plane.repository.pushFiles>[0]): Promise<void> {
  await plane.repository.pushFiles(files)
  await plane.settle()
}

const promotions = () =>
  plane.database.prisma.promotion.findMany({ where: { modelName: 'iris' }, orderBy: { generation: 'desc' } })

// Each test goes on where the one before left the repository: it is one story of a model.
describe('models of the environment file', () => {
  it('bring a proven older version back at once, and nothing newer takes its place', async () => {
    await push({ [FILE]: 'models: {iris: {live: 1}}\n' })
    await plane.untilLive('iris', 1)
    expect((await promotions())[0]).toMatchObject({ kind: 'returning', reason: `${FILE} asks for v1` })
    await push({ 'models/iris/3/model.onnx': linearModel({ seed: 3 }) })
    await plane.until(
      'v3 to be validated',
      async () => (await plane.version('iris', 3))?.state === 'validated',
    )
    await plane.settle()
    expect(await plane.record('iris')).toMatchObject({ live: 1, rollouts: [{ number: 1 }, {}, {}] })
    expect((await plane.record('iris')).drift).toMatchObject({ reason: 'pinned' })
  })

  it('bring a label into the plan of the nodes, once they have its version', async () => {
    const before = await plane.servingPlan('iris')
    await push({ [FILE]: 'models: {iris: {live: 1, labels: {stable: 3}}}\n' })
    await plane.until('stable to point to v3', async () => {
      return (await plane.servingPlan('iris')).labels.stable === 3
    })
    const after = await plane.servingPlan('iris')
    expect(after.labels).toEqual({ live: 1, previous: 2, stable: 3 })
    expect(after.versions.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(after.generation).toBe(before.generation + 1)
  })

  it('do not undo a rollback of what they brought', async () => {
    const act = { model: 'iris', actor: 'local:ada', reason: 'wrong answers', noWithdraw: true }
    await rollback(plane.database, act)
    await plane.database.prisma.hold.updateMany({ data: { closedAt: new Date() } })
    await push({ [FILE]: 'models: {iris: {live: 1, labels: {stable: 2}}}\n' })
    await plane.until('stable to point to v2', async () => {
      return (await plane.servingPlan('iris')).labels.stable === 2
    })
    expect(await plane.record('iris')).toMatchObject({ live: 2, drift: { reason: 'rolloutFailed' } })
  })

  it('are shown as a problem where there is no such model, and the others count', async () => {
    await push({ [FILE]: 'models: {iris: {live: 2}, rose: {live: 1}}\n' })
    expect((await plane.repositoryRow()).tipProblem).toContain(`${FILE} names the model rose,`)
    expect(await plane.record('iris')).toMatchObject({ live: 2, pointer: { live: 2, settled: true } })
    expect((await plane.servingPlan('iris')).labels.stable).toBeUndefined()
  })

  it('stay as they were while the file is refused, and leave the trigger free when they are taken out', async () => {
    await push({ [FILE]: 'models: {iris: {live: none}}\n' })
    expect((await plane.repositoryRow()).tipProblem).toContain('no model can be taken off by this file yet')
    expect(await plane.record('iris')).toMatchObject({ live: 2, pointer: { live: 2 } })
    await push({ [FILE]: '' })
    await plane.untilLive('iris', 3)
    expect(await plane.record('iris')).toMatchObject({ pointer: null, drift: null })
  })
})
