import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { type LoadEnded, noopObserver, type WarmUpEnded } from '../observer.ts'
import type { Loader, ModelServable } from '../servable.ts'
import { codeOf, PERMANENT } from '../test-support/errors.ts'
import { FakeModel } from '../test-support/fake-model.ts'
import { modelPlan } from '../test-support/plans.ts'
import { ObservedLoader } from './observed-loader.ts'

const ID = { name: 'm', version: 1 }

describe('ObservedLoader', () => {
  let clock: TestClock
  let told: (LoadEnded | WarmUpEnded)[]

  beforeEach(() => {
    clock = new TestClock(1_000)
    told = []
  })

  function create(changes: Partial<Loader<ModelServable>> = {}): ObservedLoader {
    const [planned] = modelPlan('m', 1).versions
    if (planned === undefined) throw new Error('the plan has a version')
    const loader: Loader<ModelServable> = {
      estimateResources: async () => ({ memoryBytes: 7, executors: 1 }),
      load: async () => {
        await clock.advance(30)
        return new FakeModel()
      },
      unload: async () => {},
      ...changes,
    }
    const observer = {
      ...noopObserver,
      loadEnded: (event: LoadEnded) => void told.push(event),
      warmUpEnded: (event: WarmUpEnded) => void told.push(event),
    }
    return new ObservedLoader(loader, { id: ID, planned, clock, observer })
  }

  const context = { id: ID, signal: new AbortController().signal, role: 'idle' as const }

  it('tells how long loading and warming up took, and what was loaded', async () => {
    const loader = create({
      warmUp: async () => {
        await clock.advance(5)
        return { runs: 2, tookMs: 5 }
      },
    })
    const model = await loader.load(context)
    expect(await loader.warmUp(model, context.signal)).toEqual({ runs: 2, tookMs: 5 })
    expect(told).toMatchObject([
      { id: ID, startedAtMs: 1_000, tookMs: 30, planned: { digest: 'digest-1' }, error: undefined },
      { id: ID, startedAtMs: 1_030, tookMs: 5, runs: 2 },
    ])
    expect(await loader.estimateResources('live')).toEqual({ memoryBytes: 7, executors: 1 })
    await loader.unload()
  })

  it('tells why a load or a warm-up failed, and passes the error on', async () => {
    const failing = () => Promise.reject(PERMANENT)
    expect(await codeOf(() => create({ load: failing }).load(context))).toBe('onnx.load_failed')
    const cold = create({ warmUp: failing })
    const model = await cold.load(context)
    expect(await codeOf(() => cold.warmUp(model, context.signal))).toBe('onnx.load_failed')
    expect(told.map((event) => event.error?.code)).toEqual([
      'onnx.load_failed',
      undefined,
      'onnx.load_failed',
    ])
  })

  it('tells nothing of the warm-up of a loader that has none', async () => {
    const loader = create()
    const model = await loader.load(context)
    expect(await loader.warmUp(model, context.signal)).toEqual({ runs: 0, tookMs: 0 })
    expect(told).toHaveLength(1)
  })
})
