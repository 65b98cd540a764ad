import { rename } from 'node:fs/promises'
import { PlatformError } from '@understudy/core'
import { requestWork, WorkQueue } from '@understudy/db'
import { RepositoryMirror } from '@understudy/gitops'
import { linearModel, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSyncRepository } from '../src/sync/sync-repository.ts'
import { ControlPlane } from '../test/support/control-plane.ts'

const IMMEDIATE = 'rollout: {strategy: immediate}\n'

let plane: ControlPlane
let counter = 0
/** A model of its own for every test, live with version 1. */
let model = ''

beforeAll(async () => {
  plane = await ControlPlane.open()
})
afterAll(() => plane?.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await push(1)
  await plane.settle()
  await plane.untilLive(model, 1)
})

async function push(number: number): Promise<string> {
  return await plane.repository.pushFiles({
    [`models/${model}/${number}/model.onnx`]: linearModel({ seed: 10 * counter + number }),
    [`models/${model}/model.yaml`]: IMMEDIATE,
  })
}

/** Looks at the repository only; what follows from it is left. */
async function syncOnly(): Promise<void> {
  const claim = await plane.claimRepository()
  await plane.sync.queue.finish(claim, await createSyncRepository(plane.sync)(claim))
}

/** Everything that tells whether something happened. */
async function traces() {
  const { prisma } = plane.database
  return {
    audit: await prisma.audit.findMany({ orderBy: { seq: 'asc' } }),
    versions: await prisma.modelVersion.findMany({ orderBy: [{ modelName: 'asc' }, { number: 'asc' }] }),
    plans: await prisma.plan.findMany({ orderBy: { modelName: 'asc' } }),
  }
}

/** The queue of a process whose power fails right before it would record anything. */
class DyingQueue extends WorkQueue {
  override async fenced(): Promise<never> {
    throw new Error('power cut')
  }
}

/** The mirror of a machine that git was removed from. */
class GitlessMirror extends RepositoryMirror {
  override async fetch(): Promise<never> {
    throw new PlatformError('gitops.git_missing', 'There is no git.')
  }
}

describe('the same push twice', () => {
  it('changes nothing, with the same commit as with a new one', async () => {
    const before = await traces()
    await plane.repository.push()
    await plane.settle()
    await plane.repository.commit('nothing new')
    await plane.repository.push()
    await plane.settle()
    expect(await traces()).toEqual(before)
  })

  it('validates a version once, however often it is asked for', async () => {
    const before = await traces()
    await requestWork(plane.database.prisma, 'version', `${model}/1`)
    await plane.work()
    expect(await traces()).toEqual(before)
  })
})

describe('a crash between the store and the record', () => {
  it('leaves the record as it was; the next holder of the lease records the whole commit', async () => {
    await push(2)
    const before = await traces()
    const dying = new DyingQueue(plane.database, { holder: 'dying', leaseMs: 300 })
    const claim = await plane.claimRepository(dying)
    await expect(createSyncRepository({ ...plane.sync, queue: dying })(claim)).rejects.toThrow('power cut')
    expect(await traces()).toEqual(before)

    await plane.untilLive(model, 2)
    expect(await plane.version(model, 2)).toMatchObject({ state: 'validated' })
    expect((await plane.repositoryRow()).problem).toBeNull()
  })

  it('and its end, when the dead comes back after the lease has passed on, changes nothing', async () => {
    await push(2)
    const late = new WorkQueue(plane.database, { holder: 'late', leaseMs: 1 })
    const claim = await plane.claimRepository(late)
    await waitFor('another holder', async () => {
      await plane.work()
      return (await plane.version(model, 2)) !== undefined
    })
    await plane.untilLive(model, 2)
    const before = await traces()
    await push(3)
    const sync = createSyncRepository({ ...plane.sync, queue: late })
    await expect(sync(claim)).rejects.toMatchObject({ code: 'control.fence_lost' })
    expect(await traces()).toEqual(before)
    expect((await plane.repositoryRow()).problem).toBeNull()
  })
})

describe('a rewritten history', () => {
  async function rewrite(): Promise<string> {
    const old = (await plane.repository.git('rev-parse', 'HEAD')).trim()
    await plane.repository.git('checkout', '-q', '--orphan', `rewritten-${counter}`)
    await plane.repository.write({ [`models/${model}/9/model.onnx`]: linearModel({ seed: 9 }) })
    await plane.repository.commit('another history')
    await plane.repository.push({ force: true })
    return old
  }

  async function restore(commit: string): Promise<void> {
    await plane.repository.git('checkout', '-q', '-f', '-B', 'main', commit)
    await plane.repository.push({ force: true })
  }

  it('stalls the repository: nothing of it is taken, live stays, and models say why', async () => {
    await push(2)
    await plane.settle()
    await plane.untilLive(model, 2)
    const before = await traces()
    const old = await rewrite()
    await plane.settle()
    await plane.settle()
    const { stalledReason, acceptedCommit } = await plane.repositoryRow()
    expect(stalledReason).toMatch(/The history of main was rewritten: .* Push the old history back\./)
    expect(stalledReason).toContain(acceptedCommit?.slice(0, 7))
    expect((await traces()).versions).toEqual(before.versions)
    expect(await plane.record(model)).toMatchObject({ live: 2, repository: { stalledReason } })
    await restore(old)
  })

  it('starts nothing while it lasts; what waited goes on when the old history is back', async () => {
    await push(2)
    await syncOnly()
    const old = await rewrite()
    await syncOnly()
    await plane.work()
    expect(await plane.version(model, 2)).toMatchObject({ state: 'validated' })
    expect(await plane.record(model)).toMatchObject({ live: 1, drift: { reason: 'repositoryStalled' } })

    await restore(old)
    await plane.settle()
    expect((await plane.repositoryRow()).stalledReason).toBeNull()
    await plane.untilLive(model, 2)
    expect((await plane.record(model)).drift).toBeNull()
  })

  it('is over for every model when the old history comes back with a further commit', async () => {
    await push(2)
    await syncOnly()
    const old = await rewrite()
    await syncOnly()
    await plane.work()
    await restore(old)
    await plane.repository.pushFiles({ 'models/other/1/model.onnx': linearModel({ seed: 5 }) })
    await plane.settle()
    expect((await plane.repositoryRow()).stalledReason).toBeNull()
    await plane.untilLive(model, 2)
    expect(await plane.version('other', 1)).toMatchObject({ state: 'validated' })
  })
})

describe('a repository that cannot be read', () => {
  it('is named as a problem, tried again by itself, and forgotten when it is back', async () => {
    const { bare } = plane.repository
    await rename(bare, `${bare}.away`)
    await plane.settle()
    expect((await plane.repositoryRow()).problem).toMatch(/models\.git/)
    await rename(`${bare}.away`, bare)
    await plane.until('the next try', async () => (await plane.repositoryRow()).problem === null)
    expect((await plane.record(model)).live).toBe(1)
  })

  it('is looked at again also where only a change from outside can help', async () => {
    const mirror = new GitlessMirror({
      url: plane.sync.url,
      branch: 'main',
      folder: `${plane.repository.folder}/gitless`,
      allowLocal: true,
    })
    const claim = await plane.claimRepository()
    const { dueInMs } = await createSyncRepository({ ...plane.sync, mirror })(claim)
    await plane.sync.queue.finish(claim, { dueInMs })
    expect(dueInMs).toBeGreaterThanOrEqual(plane.sync.pollIntervalMs)
    expect((await plane.repositoryRow()).problem).toBe('There is no git.')
  })
})
