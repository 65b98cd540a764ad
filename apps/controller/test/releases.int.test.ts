import { linearModel } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ControlPlane } from './support/control-plane.ts'

let plane: ControlPlane

beforeAll(async () => {
  plane = await ControlPlane.open()
})
afterAll(() => plane?.close())

const IMMEDIATE = 'rollout: {strategy: immediate}\n'
const FILE = 'environments/production.yaml'

function version(model: string, number: number, seed: number) {
  return {
    [`models/${model}/${number}/model.onnx`]: linearModel({ seed }),
    [`models/${model}/model.yaml`]: IMMEDIATE,
  }
}

const groups = () => plane.database.prisma.releaseGroup.findMany({ orderBy: { name: 'asc' } })

describe('releases of the environment file', () => {
  it('are taken with the commit; models of one go live at the same moment', async () => {
    await plane.repository.pushFiles({
      ...version('a', 1, 1),
      ...version('b', 1, 2),
      [FILE]: 'releases: {pair: [a, b]}\n',
    })
    await plane.settle()
    await plane.untilLive('a', 1)
    await plane.untilLive('b', 1)
    expect(await groups()).toMatchObject([{ name: 'pair', models: ['a', 'b'] }])
    const promotions = await plane.database.prisma.promotion.findMany()
    expect(new Set(promotions.map((row) => row.at.getTime())).size).toBe(1)
  })

  it('stay as they were while the file is refused, and the refusal is shown', async () => {
    await plane.repository.pushFiles({ [FILE]: 'releases: {pair: [a]}\n' })
    await plane.settle()
    expect(await groups()).toMatchObject([{ name: 'pair', models: ['a', 'b'] }])
    expect((await plane.repositoryRow()).tipProblem).toContain(`${FILE}:1:`)
    await plane.repository.pushFiles({ [FILE]: 'releases: {}\n' })
    await plane.settle()
    expect(await groups()).toEqual([])
    expect((await plane.repositoryRow()).tipProblem).toBeNull()
  })
})
