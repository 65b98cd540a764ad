import { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ReplayOutcome } from '../request-keepers.ts'
import { CrashingModel } from '../test-support/crashing-model.ts'
import { FakeModel, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

/** No live batch is sampled. */
const SHADOW = mirrorPlan({ replay: true, sample: 0.5 })

describe('replay', () => {
  let clock: TestClock
  let candidate: FakeModel

  beforeEach(() => {
    clock = new TestClock()
    candidate = new FakeModel({ offset: 200 })
  })

  async function started(mirror = SHADOW, live = 1) {
    const labels: Record<string, number> = live === 1 ? { live: 1 } : { live: 2, previous: 1 }
    const rig = nodeRig({
      clock,
      plan: servingPlan(modelPlan('m', 2, { versions: [1, 2], labels, mirror })),
      random: () => 0.999,
      createModel: ({ version }) => (version === 2 ? candidate : new FakeModel({ offset: 100 })),
    })
    rig.core.start()
    await flush()
    const model = (version: number) => rig.models.get(`m@${version}`) as FakeModel
    const ended: (ReplayOutcome | undefined)[] = []
    /** Outcomes come to `ended` in their order. */
    const replay = (x: number, plan = mirror) => {
      const requestId = `kept-${x}`
      void rig.core
        .replay(plan, { requestId, rows: 1, inputs: rowsOfX([x, 0]) })
        .then((outcome) => ended.push(outcome))
    }
    return { ...rig, model, replay, ended }
  }

  it.each([
    ['shadow', SHADOW, 1],
    ['bake', mirrorPlan({ step: 'bake', candidateShare: 1, replay: true }), 2],
  ] as const)('pairs a request of earlier in %s, as a source of its own', async (_step, mirror, live) => {
    const rig = await started(mirror, live)
    rig.replay(3)
    await flush()
    expect(rig.ended).toEqual(['settled'])
    expect(rig.sink.runs).toMatchObject([
      { source: 'replay', requests: [{ requestId: 'kept-3', segment: '' }] },
    ])
    const [pair] = rig.sink.pairs()
    const values = [pair?.baseline, pair?.candidate].map((answer) =>
      answer !== undefined && 'outputs' in answer ? valuesOfY(answer.outputs)[0] : undefined,
    )
    expect(values).toEqual([106, 206])
    expect(rig.sink.batches, 'it is no live batch').toEqual([])
  })

  it('waits while a client does', async () => {
    const rig = await started()
    rig.model(1).held = true
    const answer = rig.ask('m')
    await flush()
    rig.replay(1)
    await clock.advance(900)
    await flush()
    expect([rig.ended, rig.model(1).batches]).toEqual([[], [1]])
    rig.model(1).releaseAll()
    await answer
    await clock.advance(10)
    await flush()
    expect(rig.ended).toEqual(['settled'])
  })

  it('runs one at a time, and beside traffic keeps to a tenth of the time', async () => {
    const rig = await started()
    rig.model(1).held = true
    const answer = rig.ask('m')
    await flush()
    rig.replay(1)
    rig.replay(2)
    await flush()
    candidate.held = true
    rig.model(1).releaseAll()
    await answer
    await clock.advance(5)
    await flush()
    await clock.advance(100)
    candidate.releaseAll()
    await flush()
    expect(rig.ended).toEqual(['settled'])
    await clock.advance(899)
    await flush()
    expect(rig.ended).toEqual(['settled'])
    await clock.advance(1)
    await flush()
    expect(rig.ended).toEqual(['settled', 'settled'])
  })

  it('goes on at once where there is no traffic', async () => {
    const rig = await started()
    for (let x = 0; x < 20; x += 1) rig.replay(x)
    await flush(80)
    expect(rig.ended).toEqual(Array.from({ length: 20 }, () => 'settled'))
  })

  it('counts what the candidate fails as its error', async () => {
    candidate = new CrashingModel(13)
    const rig = await started()
    rig.replay(13)
    await flush()
    expect(rig.ended).toEqual(['settled'])
    expect(rig.sink.pairs()[0]?.candidate).toMatchObject({
      error: { code: 'onnx.run_crashed' },
      confirmed: true,
    })
    expect(rig.sink.paired()[0]?.candidateRunMs).toBe(Number.POSITIVE_INFINITY)
  })

  it.each([
    ['no such plan', mirrorPlan({ seriesId: 'another' })],
    ['another step', mirrorPlan({ step: 'bake' })],
  ])('refuses what belongs to %s', async (_what, plan) => {
    const rig = await started()
    rig.replay(1, plan)
    await flush()
    expect([rig.ended, rig.sink.runs]).toEqual([['refused'], []])
  })

  it('refuses inputs that the version which serves does not take any more', async () => {
    const rig = await started()
    const outcome = await rig.core.replay(SHADOW, { requestId: 'kept', rows: 1, inputs: new Map() })
    expect([outcome, rig.sink.runs]).toEqual(['refused', []])
  })

  it('refuses what waits when the rollout ends, and loses nothing that it has begun', async () => {
    const rig = await started()
    candidate.held = true
    rig.replay(1)
    rig.replay(2)
    await flush()
    await rig.replan(servingPlan(modelPlan('m', 3, { versions: [1, 2], labels: { live: 1 } })))
    candidate.releaseAll()
    await flush()
    expect(rig.ended).toEqual(['settled', 'refused'])
    expect(rig.sink.outcomes()).toEqual(['settled'])
  })

  it('loses what was admitted when the candidate is taken away under it', async () => {
    const rig = await started()
    candidate.held = true
    rig.replay(1)
    await flush()
    const closed = rig.core.close({ drainTimeoutMs: 100 })
    await clock.advance(100)
    candidate.error = new PlatformError('serving.executor_lost', 'killed')
    candidate.releaseAll()
    await flush()
    await clock.advance(2_000)
    await closed
    expect([rig.ended, rig.sink.outcomes()]).toEqual([['lost'], ['lost']])
  })

  it('bounds what waits', async () => {
    const rig = await started()
    candidate.held = true
    for (let x = 0; x < 300; x += 1) rig.replay(x)
    await flush()
    expect(rig.ended.length).toBeGreaterThan(40)
    expect(new Set(rig.ended)).toEqual(new Set(['refused']))
    candidate.releaseAll()
  })
})
