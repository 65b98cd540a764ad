import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { noopObserver } from '../observer.ts'
import type { Loader, ModelServable } from '../servable.ts'
import { codeOf, PERMANENT } from '../test-support/errors.ts'
import { FakeModel } from '../test-support/fake-model.ts'
import { modelPlan } from '../test-support/plans.ts'
import { RefusedInputsByDigest } from './suspect/refused-inputs-by-digest.ts'
import { VersionLoader } from './version-loader.ts'

const ID = { name: 'm', version: 1 }

describe('VersionLoader', () => {
  function create(changes: Partial<Loader<ModelServable>> = {}): VersionLoader {
    const clock = new TestClock(1_000)
    const [planned] = modelPlan('m', 1).versions
    if (planned === undefined) throw new Error('the plan has a version')
    const loader: Loader<ModelServable> = {
      estimateResources: async () => ({ memoryBytes: 7, executors: 1 }),
      load: async () => new FakeModel(),
      unload: async () => {},
      ...changes,
    }
    return new VersionLoader(
      { id: ID, planned, loader },
      {
        ...{ clock, router: { route: () => undefined }, refused: new RefusedInputsByDigest(clock) },
        acquire: () => {
          throw PERMANENT
        },
        observer: noopObserver,
      },
    )
  }

  const context = { id: ID, signal: new AbortController().signal, role: 'idle' as const }

  it('gives a version that knows its own limits, and needs what its model needs', async () => {
    const loader = create()
    const loaded = await loader.load(context)
    expect(loaded.runTimeoutMs).toBe(5_000)
    expect(await loader.estimateResources('live')).toEqual({ memoryBytes: 7, executors: 1 })
  })

  it('needs no warm-up of a loader that has none, and can be unloaded after a failed load', async () => {
    const loader = create()
    const loaded = await loader.load(context)
    expect(await loader.warmUp(loaded, context.signal)).toEqual({ runs: 0, tookMs: 0 })
    const failed = create({ load: () => Promise.reject(PERMANENT) })
    await codeOf(() => failed.load(context))
    await failed.unload()
  })
})
