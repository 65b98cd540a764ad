import { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ExecutorIncident, type MirrorRunEnded, noopObserver } from '../observer.ts'
import { InputValidator } from '../predict/input-validator.ts'
import { PairRouter } from '../predict/pair-router.ts'
import { ServedByVersions } from '../predict/served-by-versions.ts'
import { RefusedInputs } from '../predict/suspect/refused-inputs.ts'
import { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ServableHandle } from '../servable.ts'
import { batcherRig } from '../test-support/batcher-rig.ts'
import { CrashingModel } from '../test-support/crashing-model.ts'
import { codeOf } from '../test-support/errors.ts'
import { FakeModel, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { mirrorPlan } from '../test-support/plans.ts'
import { RecordingSink } from '../test-support/recording-sink.ts'
import { MirrorDispatcher, type MirrorDispatcherOptions } from './mirror-dispatcher.ts'
import type { MirrorTarget } from './run-held.ts'

describe('mirroring', () => {
  let clock: TestClock
  let sink: RecordingSink
  let baseline: FakeModel
  let candidate: FakeModel
  let suspects: SuspectIsolation
  let incidents: ExecutorIncident[]
  let ended: MirrorRunEnded[]
  let revoke: AbortController
  let open: number

  beforeEach(() => {
    clock = new TestClock()
    sink = new RecordingSink()
    baseline = new FakeModel()
    incidents = []
    use(new FakeModel({ offset: 100 }))
    ended = []
    revoke = new AbortController()
    open = 0
  })

  /** Makes this model the candidate. */
  function use<M extends FakeModel>(model: M): M {
    candidate = model
    suspects = new SuspectIsolation({
      ...{ id: { name: 'm', version: 2 }, digest: 'digest-2', servable: model, clock },
      refused: new RefusedInputs({ clock }),
      observer: { ...noopObserver, incident: (event) => incidents.push(event) },
    })
    return model
  }

  function handle(): ServableHandle<MirrorTarget> {
    open += 1
    const release = () => {
      open -= 1
    }
    const validator = new InputValidator(candidate.signature, candidate.batchable)
    const servable = { model: candidate, runTimeoutMs: 500, suspects, validator }
    return {
      id: { name: 'm', version: 2 },
      servable,
      revoked: revoke.signal,
      release,
      [Symbol.dispose]: release,
    }
  }

  function rig(changes: Partial<MirrorDispatcherOptions> = {}) {
    const mirror = new MirrorDispatcher({
      ...{
        sink,
        clock,
        random: () => 0,
        acquire: handle,
        isAvailable: () => true,
        planAgeMs: () => undefined,
        liveLoadOf: () => undefined,
        loopBusyShare: () => 0,
      },
      limits: { runsMax: 4, inputBytesMax: 1_000, runsPerSecond: 100 },
      observer: { ...noopObserver, mirrorRunEnded: (event) => ended.push(event) },
      ...changes,
    })
    mirror.setPlan('m', mirrorPlan())
    return { mirror, ...batcherRig({ clock, servable: baseline, router: routerOf(mirror), maxQueue: 8 }) }
  }

  function routerOf(mirror: MirrorDispatcher): PairRouter {
    return new PairRouter({
      ...{ mirror, clock, servedBy: new ServedByVersions() },
      ...{ loadedAs: () => undefined, generationOf: () => 1 },
    })
  }

  it('pairs what both versions answer to each request, and the client gets the baseline', async () => {
    const { ask } = rig()
    expect(await Promise.all([ask(1), ask(2, 3)])).toEqual([[2], [4, 6]])
    await flush()
    expect(sink.requestIds()).toEqual([['r1', 'r2']])
    const pairs = sink.pairs().map(({ requestId, rows, baseline: a, candidate: b }) => ({
      ...{ requestId, rows },
      answers: [a, b].map((answer) => ('outputs' in answer ? valuesOfY(answer.outputs) : answer.error.code)),
    }))
    expect(pairs).toEqual([
      {
        requestId: 'r1',
        rows: 1,
        answers: [
          [2, 0],
          [102, 100],
        ],
      },
      {
        requestId: 'r2',
        rows: 2,
        answers: [
          [4, 0, 6, 0],
          [104, 100, 106, 100],
        ],
      },
    ])
    expect(candidate.batches).toEqual([3])
    expect([ended[0]?.outcome, open]).toEqual(['settled', 0])
  })

  it('answers clients although the candidate never does', async () => {
    candidate.held = true
    const { ask } = rig()
    for (let turn = 1; turn <= 10; turn += 1) expect(await ask(turn)).toEqual([2 * turn])
    expect(sink.runs).toHaveLength(4)
    expect(sink.outcomes()).toEqual(['open', 'open', 'open', 'open'])
  })

  it('throws no coin while its queue is full, and throws it again when there is room', async () => {
    candidate.held = true
    const { ask } = rig()
    for (let turn = 1; turn <= 5; turn += 1) await ask(turn)
    await flush()
    candidate.releaseAll()
    await flush()
    await ask(6)
    await flush()
    expect(sink.requestIds().flat()).toEqual(['r1', 'r2', 'r3', 'r4', 'r6'])
    expect(new Set(sink.outcomes())).toEqual(new Set(['settled']))
  })

  it('bounds the memory of what waits for the candidate', async () => {
    candidate.held = true
    const { ask } = rig({ limits: { runsMax: 100, inputBytesMax: 20, runsPerSecond: 100 } })
    for (let turn = 1; turn <= 6; turn += 1) await ask(turn)
    expect(sink.runs).toHaveLength(3)
  })

  it('keeps to a pace that the node can spare: less while its loop is busy', async () => {
    let busyShare = 0
    const { mirror, ask } = rig({ loopBusyShare: () => busyShare })
    const sampledOf = async (batches: number) => {
      const before = sink.runs.length
      for (let turn = 0; turn < batches; turn += 1) {
        await ask(turn)
        await flush(3)
      }
      return sink.runs.length - before
    }
    expect(await sampledOf(60)).toBe(50)
    await clock.advance(200)
    expect(await sampledOf(30)).toBe(20)
    busyShare = 0.75
    await clock.advance(200)
    expect(await sampledOf(30)).toBe(5)
    mirror.setPlan('other', mirrorPlan())
    busyShare = 0
    await clock.advance(200)
    expect(await sampledOf(30), 'another model is mirrored too').toBe(10)
  })

  it('counts the time of the model itself, not how long a run waited for its turn on a busy machine', async () => {
    candidate.runTimeMs = 0.5
    candidate.held = true
    const { ask } = rig()
    for (let turn = 0; turn < 50; turn += 1) {
      await ask(turn)
      await flush(3)
      await clock.advance(30)
      candidate.release()
      await flush(3)
    }
    expect(sink.runs).toHaveLength(50)
  })

  it('gives way when the live queue is long', async () => {
    const { mirror } = rig()
    const lane = mirror.laneOf({ name: 'm', version: 1 })
    if (lane === undefined) throw new Error('There is no lane.')
    const admit = (queued: number) =>
      mirror.admit(lane, { requests: [], load: { queued, queueMax: 8, inFlight: 0, waitedMs: 0 } })
    expect(admit(5)).toBeUndefined()
    expect(admit(0)).toBeDefined()
    expect(sink.batches.map(({ sampled }) => sampled)).toEqual([false, true])
  })

  it.each([
    [0.49, 1],
    [0.5, 0],
  ])('samples the share that the plan says: coin %d', async (coin, runs) => {
    const { mirror, ask } = rig({ random: () => coin })
    mirror.setPlan('m', mirrorPlan({ sample: 0.5 }))
    await ask(1)
    expect(sink.runs).toHaveLength(runs)
  })

  it('never mirrors a request that names a version', async () => {
    const { submit } = rig()
    await submit(rowsOfX([1, 1]), { live: false })
    await flush()
    expect(sink.runs).toEqual([])
  })

  it.each([
    ['the live version is not the baseline of the plan', { plan: mirrorPlan({ baseline: 7 }) }],
    ['the candidate is not available', { isAvailable: () => false }],
    ['the plan is older than 60 s', { planAgeMs: () => 60_001 }],
    ['there is no mirror plan', { plan: null }],
  ])(
    'mirrors nothing when %s',
    async (_why, {
      plan,
      ...changes
    }: Partial<MirrorDispatcherOptions> & { plan?: ReturnType<typeof mirrorPlan> | null }) => {
      const { mirror, ask } = rig(changes)
      if (plan !== undefined) mirror.setPlan('m', plan)
      expect(await ask(1)).toEqual([2])
      await flush()
      expect(sink.runs).toEqual([])
    },
  )

  it('still mirrors with a plan of just 60 s', async () => {
    const { ask } = rig({ planAgeMs: () => 60_000 })
    await ask(1)
    await flush()
    expect(sink.outcomes()).toEqual(['settled'])
  })

  it('makes the error of the baseline its answer, request by request', async () => {
    const { ask } = rig()
    await Promise.allSettled([ask(1), ask(-1)])
    await flush()
    const [good, bad] = sink.pairs()
    expect(good?.baseline).toHaveProperty('outputs')
    expect(bad?.baseline).toMatchObject({ error: { code: 'onnx.run_failed' } })
    expect(bad?.candidate).toMatchObject({ error: { code: 'onnx.run_failed' } })
    expect(good?.candidate).toHaveProperty('outputs')
  })

  it('makes a lost executor of the candidate its error, and the client sees nothing of it', async () => {
    candidate.error = new PlatformError('serving.executor_lost', 'crashed')
    const { ask } = rig()
    expect(await Promise.all([ask(1), ask(2)])).toEqual([[2], [4]])
    await flush()
    expect(sink.pairs().map((pair) => pair.candidate)).toMatchObject([
      { error: { code: 'serving.executor_lost' } },
      { error: { code: 'serving.executor_lost' } },
    ])
  })

  it('finds out which input ends the process of the candidate, and refuses it there from then on', async () => {
    const crashing = use(new CrashingModel(13))
    const { ask } = rig()
    expect(await Promise.all([ask(1), ask(13), ask(2)])).toEqual([[2], [26], [4]])
    await flush()
    expect(sink.pairs().map((pair) => pair.candidate)).toMatchObject([
      { outputs: expect.anything() },
      { error: { code: 'onnx.run_crashed' }, confirmed: true },
      { outputs: expect.anything() },
    ])
    expect(incidents).toMatchObject([{ kind: 'crash', digest: 'digest-2' }])
    expect(await Promise.all([ask(13), ask(3)])).toEqual([[26], [6]])
    await flush()
    const [refused, other] = sink.pairs().slice(3)
    expect(refused?.candidate).toMatchObject({ error: { code: 'serving.input_refused' } })
    expect(other?.candidate).toHaveProperty('outputs')
    expect(await ask(13)).toEqual([26])
    await flush()
    expect([crashing.batches, crashing.alone, sink.outcomes().includes('open')]).toEqual([
      [3, 1],
      [1, 1, 1],
      false,
    ])
  })

  it('makes a lost process the error of the candidate when no input ends it again', async () => {
    use(new CrashingModel(13)).harmsAlone = 0
    const { ask } = rig()
    await Promise.all([ask(1), ask(13)])
    await flush()
    expect(sink.pairs().map((pair) => pair.candidate)).toMatchObject([
      { error: { code: 'onnx.run_crashed' } },
      { error: { code: 'onnx.run_crashed' } },
    ])
    expect(sink.pairs().some(({ candidate: answer }) => 'confirmed' in answer)).toBe(false)
    expect(incidents).toEqual([])
  })

  it('looks no further when the run is lost', async () => {
    const crashing = use(new CrashingModel(13))
    crashing.aloneHeld = true
    const { ask } = rig()
    await Promise.all([ask(1), ask(13)])
    await flush()
    revoke.abort(new PlatformError('serving.drain_timeout', 'too late'))
    crashing.releaseAllAlone()
    await flush()
    expect([sink.outcomes(), crashing.alone, open]).toEqual([['lost'], [1], 0])
  })

  it('pairs what the baseline answers when its own process ended under the batch', async () => {
    const crashing = new CrashingModel(13)
    const { mirror } = rig()
    const { ask } = batcherRig({ clock, servable: crashing, router: routerOf(mirror) })
    await Promise.allSettled([ask(1), ask(13)])
    await flush()
    expect(sink.pairs().map((pair) => pair.baseline)).toMatchObject([
      { outputs: expect.anything() },
      { error: { code: 'onnx.run_crashed' }, confirmed: true },
    ])
    expect(sink.outcomes()).toEqual(['settled'])
  })

  it('makes a run over its time the error of the candidate, and lets the slot go only when it ends', async () => {
    candidate.held = true
    const { ask } = rig()
    await ask(1)
    await ask(2)
    await flush()
    await clock.advance(499)
    expect(sink.outcomes()).toEqual(['open', 'open'])
    await clock.advance(1)
    await flush()
    expect(sink.outcomes()).toEqual(['settled', 'open'])
    expect(sink.pairs()[0]?.candidate).toMatchObject({ error: { code: 'serving.run_timeout' } })
    expect([candidate.batches, open]).toEqual([[1], 1])
    candidate.releaseAll()
    await flush()
    expect(sink.outcomes()).toEqual(['settled', 'settled'])
    expect(sink.pairs()[1]?.candidate).toHaveProperty('outputs')
    expect(open).toBe(0)
  })

  it('counts time in the queue against nobody', async () => {
    candidate.held = true
    const { ask } = rig()
    await ask(1)
    await ask(2)
    await flush()
    await clock.advance(400)
    candidate.release()
    await flush()
    await clock.advance(400)
    candidate.release()
    await flush()
    expect(sink.pairs().map((pair) => 'outputs' in pair.candidate)).toEqual([true, true])
  })

  it.each([
    ['the rollout ends', null],
    ['another rollout begins', mirrorPlan({ rolloutId: 'rollout-2' })],
    ['the step changes', mirrorPlan({ step: 'canary-5', candidateShare: 0.05 })],
    ['the candidate changes', mirrorPlan({ candidate: 3 })],
  ])('loses what waits when %s; the run at work still settles', async (_why, plan) => {
    candidate.held = true
    const { mirror, ask } = rig()
    for (let turn = 1; turn <= 3; turn += 1) await ask(turn)
    await flush()
    mirror.setPlan('m', plan)
    expect(sink.outcomes()).toEqual(['open', 'lost', 'lost'])
    candidate.releaseAll()
    await flush()
    expect(sink.outcomes()).toEqual(['settled', 'lost', 'lost'])
    expect(ended.map((event) => event.outcome).sort()).toEqual(['lost', 'lost', 'settled'])
  })

  it('loses a run whose baseline has not answered when the plan changes', async () => {
    baseline.held = true
    const { mirror, ask } = rig()
    const answer = ask(1)
    await flush()
    mirror.setPlan('m', null)
    expect(sink.outcomes()).toEqual(['lost'])
    baseline.releaseAll()
    expect(await answer).toEqual([2])
    await flush()
    expect([sink.outcomes(), candidate.batches]).toEqual([['lost'], []])
  })

  it('goes on undisturbed when the same plan is read again', async () => {
    candidate.held = true
    const { mirror, ask } = rig()
    await ask(1)
    await ask(2)
    await flush()
    mirror.setPlan('m', mirrorPlan())
    candidate.releaseAll()
    await flush()
    expect(sink.outcomes()).toEqual(['settled', 'settled'])
  })

  it('loses what the candidate can no longer run', async () => {
    const gone = () => {
      throw new PlatformError('serving.version_not_available', 'unloaded')
    }
    const { ask } = rig({ acquire: gone })
    expect(await ask(1)).toEqual([2])
    await flush()
    expect(sink.outcomes()).toEqual(['lost'])
  })

  it('loses the run at work when the candidate is taken away under it', async () => {
    candidate.held = true
    const { ask } = rig()
    await ask(1)
    await flush()
    revoke.abort(new PlatformError('serving.drain_timeout', 'too late'))
    candidate.error = new PlatformError('serving.executor_lost', 'killed')
    candidate.releaseAll()
    await flush()
    expect([sink.outcomes(), open]).toEqual([['lost'], 0])
  })

  it('keeps answering when the sink is broken', async () => {
    const troubles: PlatformError[] = []
    const observer = { ...noopObserver, troubled: (error: PlatformError) => void troubles.push(error) }
    const admit = () => {
      throw new Error('sink is broken')
    }
    const { ask } = rig({ observer, sink: { admit, passed: () => {} } })
    expect(await ask(1)).toEqual([2])
    const settle = () => {
      throw new Error('ticket is broken')
    }
    const second = rig({ observer, sink: { admit: () => ({ settle, lose: settle }), passed: () => {} } })
    expect(await second.ask(2)).toEqual([4])
    await flush()
    expect(troubles.map((error) => error.message)).toEqual(['sink is broken', 'ticket is broken'])
  })

  it('loses everything that waits when the node stops', async () => {
    candidate.held = true
    const { mirror, ask } = rig()
    await ask(1)
    await ask(2)
    mirror.close()
    candidate.releaseAll()
    await flush()
    expect(sink.outcomes().includes('open')).toBe(false)
    expect(await codeOf(() => ask(3))).toBeUndefined()
    expect(sink.runs).toHaveLength(2)
  })
})
