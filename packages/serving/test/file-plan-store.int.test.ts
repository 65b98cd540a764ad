import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FilePlanStore } from '../src/plan/file-plan-store.ts'
import { codeOf } from '../src/test-support/errors.ts'
import { modelPlan, servingPlan } from '../src/test-support/plans.ts'

describe('FilePlanStore', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plan-store-'))
    path = join(folder, 'plan.json')
  })

  afterEach(() => rm(folder, { recursive: true }))

  const plan = (generation: number) => servingPlan(modelPlan('iris', generation))

  it('gives back the last plan that was saved, also to another process, and leaves no drafts', async () => {
    const store = new FilePlanStore(path)
    await Promise.all([store.save(plan(1)), store.save(plan(2)), store.save(plan(3))])
    expect(await new FilePlanStore(path).load()).toEqual(plan(3))
    expect(await readdir(folder)).toEqual(['plan.json'])
  })

  it('gives back the API keys: a node that starts without its control plane knows them', async () => {
    const key = { id: 'k1', hmac: 'ab', models: ['iris'], verbs: ['predict' as const], expiresAtMs: 5 }
    const store = new FilePlanStore(path)
    await store.save({ ...plan(1), keys: [key] })
    expect(await store.load()).toEqual({ ...plan(1), keys: [key] })
  })

  it('has nothing where nothing was saved', async () => {
    expect(await new FilePlanStore(path).load()).toBeUndefined()
  })

  it('refuses a plan that was cut off or that is absurdly large', async () => {
    const store = new FilePlanStore(path)
    await store.save(plan(1))
    await truncate(path, 40)
    expect(await codeOf(() => store.load())).toBe('serving.plan_invalid')
    await truncate(path, 65 * 1024 * 1024)
    expect(await codeOf(() => store.load())).toBe('serving.plan_invalid')
  })

  it('keeps the old plan when a save fails, and saves again afterwards', async () => {
    const store = new FilePlanStore(path)
    await store.save(plan(1))
    const lost = new FilePlanStore(join(folder, 'missing', 'plan.json'))
    await expect(lost.save(plan(2))).rejects.toThrow('ENOENT')
    await expect(lost.save(plan(2))).rejects.toThrow('ENOENT')
    expect(await store.load()).toEqual(plan(1))
  })

  it('reads past a draft that a crash left behind', async () => {
    const store = new FilePlanStore(path)
    await store.save(plan(1))
    await writeFile(`${path}.${process.pid}.tmp`, '{"half')
    expect(await store.load()).toEqual(plan(1))
    await store.save(plan(2))
    expect(await store.load()).toEqual(plan(2))
  })
})
