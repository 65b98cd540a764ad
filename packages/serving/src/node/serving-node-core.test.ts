import { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { codeOf, PERMANENT } from '../test-support/errors.ts'
import { rowsOfX } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

const V1 = modelPlan('m', 1)
const TRY2 = modelPlan('m', 2, { versions: [1, 2], labels: { live: 1 }, mirror: mirrorPlan() })
const V2 = modelPlan('m', 3, { versions: [1, 2], labels: { live: 2, previous: 1 } })
const BACK = modelPlan('m', 4, { versions: [1], labels: { live: 1 } })

describe('ServingNodeCore', () => {
  let clock: TestClock

  beforeEach(() => {
    clock = new TestClock()
  })

  async function started(options: Omit<Parameters<typeof nodeRig>[0], 'clock'> = { plan: servingPlan(V1) }) {
    const rig = nodeRig({ clock, ...options })
    rig.core.start()
    await flush()
    return rig
  }

  it('goes from a plan to an answer that says who gave it', async () => {
    const rig = await started()
    const response = await rig.ask('m')
    expect(response.servedBy).toEqual({
      ...{ model: 'm', version: 1, digest: 'digest-1', commit: 'commit-1', variant: 'live', generation: 1 },
    })
    expect(rig.seen.loaded).toEqual(['load m@1 ok', 'warm m@1 3'])
  })

  it('changes version between two requests, and back without a load', async () => {
    const rig = await started()
    expect(await rig.value('m')).toBe(102)
    await rig.replan(servingPlan(TRY2))
    expect(await rig.value('m')).toBe(102)
    await rig.replan(servingPlan(V2))
    expect(await rig.value('m')).toBe(202)
    const loads = rig.seen.loaded.length
    await rig.replan(servingPlan(BACK))
    expect(await rig.value('m')).toBe(102)
    expect(rig.seen.loaded).toHaveLength(loads)
    expect([...rig.models.keys()]).toEqual(['m@1'])
    expect(rig.seen.moved.map(({ generation, to }) => [generation, to.get('live')])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 1],
    ])
  })

  it('answers every request of a version that is unloaded meanwhile', async () => {
    const rig = await started({ plan: servingPlan(V2) })
    const model = rig.models.get('m@2')
    if (model) model.held = true
    const running = rig.value('m')
    await flush()
    const waiting = [rig.value('m'), rig.value('m')]
    await rig.replan(servingPlan(BACK))
    const after = rig.value('m')
    expect(await after).toBe(102)
    expect(rig.models.has('m@2')).toBe(true)
    model?.releaseAll()
    expect(await Promise.all([running, ...waiting])).toEqual([202, 202, 202])
    await flush()
    expect(rig.models.has('m@2')).toBe(false)
  })

  it('tells how many requests of a version wait and how many run', async () => {
    const rig = await started()
    const loads = () => [...rig.core.requestLoads()]
    expect(loads()).toEqual([{ model: 'm', version: 1, queued: 0, inFlight: 0 }])
    const model = rig.models.get('m@1')
    if (model) model.held = true
    const running = rig.value('m')
    await flush()
    const waiting = [rig.value('m'), rig.value('m')]
    await flush()
    expect(loads()).toEqual([{ model: 'm', version: 1, queued: 2, inFlight: 1 }])
    model?.releaseAll()
    await Promise.all([running, ...waiting])
    expect(loads()).toEqual([{ model: 'm', version: 1, queued: 0, inFlight: 0 }])
  })

  it('keeps labels and generation of a model until its new version is available', async () => {
    const rig = await started()
    const gate = new Gate()
    rig.loadGates.set(2, gate)
    await rig.replan(servingPlan(V2))
    expect([rig.core.observedGeneration('m'), await rig.value('m')]).toEqual([1, 102])
    gate.open()
    await flush()
    expect([rig.core.observedGeneration('m'), await rig.value('m')]).toEqual([3, 202])
  })

  it('keeps the live version when the next one cannot be loaded, and reports why', async () => {
    const rig = await started()
    rig.loadErrors.set(2, PERMANENT)
    await rig.replan(servingPlan(V2))
    expect(await rig.value('m')).toBe(102)
    expect(rig.core.servableStatuses()).toMatchObject([
      { model: 'm', version: 2, digest: 'digest-2', state: 'error', error: { code: 'onnx.load_failed' } },
      { model: 'm', version: 1, digest: 'digest-1', state: 'available' },
    ])
    expect(rig.core.predictor.versions('m')).toMatchObject([
      { version: 2, state: 'error', error: PERMANENT },
      { version: 1, state: 'available' },
    ])
  })

  it('tells clients of signatures and labels as soon as they are planned, without another load', async () => {
    const rig = await started()
    const loads = rig.seen.loaded.length
    const mapped = {
      signatures: { s: { method: 'regress' as const, value: 'y' } },
      classLabels: { y: ['a'] },
    }
    const planned = (digest: string) =>
      servingPlan({ ...V1, versions: V1.versions.map((version) => ({ ...version, ...mapped, digest })) })
    await rig.replan(planned('digest-1'))
    expect(rig.core.predictor.describe('m', { kind: 'live' })).toMatchObject(mapped)
    expect(rig.seen.loaded).toHaveLength(loads)
    rig.loadGates.set(1, new Gate())
    await rig.replan(planned('other bytes'))
    const held = rig.core.predictor.describe('m', { kind: 'live' })
    expect(held).toMatchObject({ servedBy: { digest: 'digest-1' }, signatures: {}, classLabels: {} })
  })

  it('moves the labels of all models of one plan in one step', async () => {
    const both = (generation: number, live: number) =>
      servingPlan(
        ...['a', 'b'].map((name) => modelPlan(name, generation, { versions: [1, 2], labels: { live } })),
      )
    const rig = await started({ plan: both(1, 1) })
    const seen: string[] = []
    rig.core.onChange(() => {
      const live = ['a', 'b'].map(
        (name) => rig.core.predictor.describe(name, { kind: 'live' }).servedBy.version,
      )
      seen.push(live.join())
    })
    await rig.replan(both(2, 2))
    expect(new Set(seen)).toEqual(new Set(['2,2']))
  })

  it('tells at once when something changed, and not more than once per tick', async () => {
    const rig = await started()
    const before = rig.seen.changes
    await rig.replan(servingPlan(V1))
    expect(rig.seen.changes).toBe(before)
    await rig.replan(servingPlan(TRY2))
    expect(rig.seen.changes).toBeGreaterThan(before)
  })

  it('unloads a model that left the plan and no longer knows it', async () => {
    const rig = await started({ plan: servingPlan(V1, modelPlan('n', 1)) })
    await rig.replan(servingPlan(modelPlan('n', 1)))
    expect(await codeOf(() => rig.ask('m'))).toBe('serving.model_not_found')
    expect([rig.core.predictor.models(), [...rig.models.keys()]]).toEqual([['n'], ['n@1']])
    expect(rig.core.predictor.versions('m')).toBeUndefined()
    expect(rig.core.observedGeneration('m')).toBeUndefined()
  })

  it('serves from the kept plan while the control plane is away, and says how old it is', async () => {
    const kept = servingPlan(V1)
    clock = new TestClock(kept.readAtMs + 30_000)
    const rig = await started({ kept })
    expect(await rig.value('m')).toBe(102)
    expect(rig.core.predictor.planAgeMs()).toBe(30_000)
    expect(rig.core.isReady()).toBe(true)
  })

  it('is ready once every live version is available or has failed, and until it closes', async () => {
    const rig = nodeRig({
      clock,
      plan: servingPlan(V1, modelPlan('n', 1, { versions: [3], labels: { live: 3 } })),
    })
    const gate = new Gate()
    rig.loadGates.set(3, gate)
    rig.loadErrors.set(3, PERMANENT)
    rig.core.start()
    await flush()
    expect(rig.core.isReady()).toBe(false)
    gate.open()
    await flush()
    expect(rig.core.isReady()).toBe(true)
    expect(await codeOf(() => rig.ask('n'))).toBe('serving.version_not_available')
    await rig.core.close({ drainTimeoutMs: 0 })
    expect(rig.core.isReady()).toBe(false)
  })

  it('answers numbers and labels as pinned, and refuses wrong ones by their own codes', async () => {
    const rig = await started({ plan: servingPlan(V2, modelPlan('empty', 1, { versions: [], labels: {} })) })
    const number = (version: number) => ({ selector: { kind: 'number' as const, number: version } })
    const label = (name: string) => ({ selector: { kind: 'label' as const, label: name } })
    expect((await rig.ask('m', number(1))).servedBy).toMatchObject({ version: 1, variant: 'pinned' })
    expect((await rig.ask('m', label('previous'))).servedBy).toMatchObject({ version: 1, variant: 'pinned' })
    expect(await codeOf(() => rig.ask('m', number(7)))).toBe('serving.version_not_found')
    expect(await codeOf(() => rig.ask('m', label('nightly')))).toBe('serving.label_not_found')
    expect(await codeOf(() => rig.ask('nobody'))).toBe('serving.model_not_found')
    expect(await codeOf(() => rig.ask('empty'))).toBe('serving.version_not_available')
    expect(await codeOf(() => rig.ask('empty', number(1)))).toBe('serving.version_not_found')
    expect(await codeOf(() => rig.ask('empty', label('x')))).toBe('serving.label_not_found')
  })

  it('describes who would answer without running anything', async () => {
    const rig = await started()
    const { servedBy, signature } = rig.core.predictor.describe('m', { kind: 'live' })
    expect([servedBy.version, signature.inputs[0]?.name]).toEqual([1, 'x'])
    expect(rig.models.get('m@1')?.batches).toEqual([])
    expect(await codeOf(() => rig.core.predictor.describe('x', { kind: 'live' }))).toBe(
      'serving.model_not_found',
    )
  })

  it('checks inputs and outputs before anything is queued', async () => {
    const rig = await started()
    expect(await codeOf(() => rig.ask('m', { inputs: new Map() }))).toBe('onnx.input_missing')
    expect(await codeOf(() => rig.ask('m', { outputs: ['z'] }))).toBe('onnx.output_unknown')
    expect([...(await rig.ask('m', { outputs: ['y'] })).outputs.keys()]).toEqual(['y'])
    expect([...(await rig.ask('m', { outputs: [] })).outputs.keys()]).toEqual([])
  })

  it.each([-1, Number.NaN, 1e12])('treats a budget of %d ms as one it can keep', async (timeoutMs) => {
    const rig = await started()
    expect((await rig.ask('m', { timeoutMs })).servedBy.version).toBe(1)
  })

  it('refreshes once for a client that knows a newer generation', async () => {
    const rig = await started()
    rig.reader.plan = servingPlan(modelPlan('m', 5))
    const before = rig.reader.reads
    expect((await rig.ask('m', { minGeneration: 5 })).servedBy.generation).toBe(5)
    expect(await codeOf(() => rig.ask('m', { minGeneration: 6 }))).toBe('serving.plan_behind')
    expect(rig.reader.reads).toBe(before + 2)
    rig.reader.hangs = true
    const behind = codeOf(() => rig.ask('m', { minGeneration: 6, timeoutMs: 50 }))
    await flush()
    await clock.advance(50)
    expect(await behind).toBe('serving.plan_behind')
  })

  it('mirrors live requests to the candidate while the plan says so', async () => {
    const rig = await started({ plan: servingPlan(TRY2) })
    expect(await rig.value('m')).toBe(102)
    expect(await rig.value('m', { selector: { kind: 'number', number: 1 } })).toBe(102)
    await flush()
    expect(rig.sink.pairs().map((pair) => pair.requestId)).toEqual(['r1'])
    await rig.replan(servingPlan(V2))
    await rig.ask('m')
    await flush()
    expect(rig.sink.runs).toHaveLength(1)
  })

  it('loses the mirrored runs of a model that leaves the plan, and mirrors it no more', async () => {
    const rig = await started({ plan: servingPlan(TRY2) })
    const candidate = rig.models.get('m@2')
    if (candidate) candidate.held = true
    await rig.ask('m')
    await rig.ask('m')
    await flush()
    await rig.replan(servingPlan())
    expect(rig.sink.outcomes()).toEqual(['open', 'lost'])
    candidate?.releaseAll()
    await flush()
    expect([rig.sink.outcomes(), rig.models.size]).toEqual([['settled', 'lost'], 0])
    await rig.replan(servingPlan(TRY2))
    await rig.ask('m')
    await flush()
    expect(rig.sink.outcomes()).toEqual(['settled', 'lost', 'settled'])
  })

  it('stops mirroring when the plan is old, and goes on answering', async () => {
    const rig = await started({ plan: servingPlan(TRY2) })
    rig.reader.plan = undefined
    await clock.advance(61_000)
    expect(await rig.value('m')).toBe(102)
    await flush()
    expect(rig.sink.runs).toEqual([])
  })

  it('lets running requests end when it closes, refuses new ones and loses mirrored runs', async () => {
    const rig = await started({ plan: servingPlan(TRY2) })
    const model = rig.models.get('m@1')
    if (model) model.held = true
    const running = rig.value('m')
    await flush()
    const closing = rig.core.close({ drainTimeoutMs: 1_000 })
    expect(await codeOf(() => rig.ask('m'))).toBe('serving.draining')
    model?.releaseAll()
    expect(await running).toBe(102)
    await closing
    expect([rig.models.size, rig.sink.outcomes(), rig.core.servableStatuses()]).toEqual([0, ['lost'], []])
  })

  it('gives requests that hang an answer when it closes', async () => {
    const rig = await started()
    const model = rig.models.get('m@1')
    if (model) model.held = true
    const running = codeOf(() => rig.ask('m', { timeoutMs: 60_000 }))
    await flush()
    const closing = rig.core.close({ drainTimeoutMs: 1_000 })
    await flush()
    await clock.advance(1_000)
    expect(await running).toBe('serving.drain_timeout')
    await closing
  })

  it('goes on when telemetry or a listener is broken', async () => {
    const rig = await started()
    rig.core.onChange(() => {
      throw new Error('listener is broken')
    })
    await rig.replan(servingPlan(V2))
    expect(await rig.value('m')).toBe(202)
    expect(rig.seen.troubles.map((error) => error.message)).toContain('listener is broken')
  })

  it('reports what a failing source of bytes says, attempt after attempt', async () => {
    const rig = nodeRig({ clock, plan: servingPlan(V1) })
    rig.loadErrors.set(1, new PlatformError('gitops.digest_mismatch', 'bytes changed'))
    rig.core.start()
    await flush()
    expect(rig.core.predictor.versions('m')).toMatchObject([
      { state: 'start', error: { code: 'gitops.digest_mismatch' } },
    ])
    rig.loadErrors.clear()
    await clock.advance(250)
    await flush()
    expect(await rig.value('m', { inputs: rowsOfX([2, 2]) })).toBe(104)
  })
})
