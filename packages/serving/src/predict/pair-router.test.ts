import { type InferenceResponse, type NamedTensors, PlatformError, STICKY_KEY_HEADER } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RunResult } from '../servable.ts'
import { CrashingModel } from '../test-support/crashing-model.ts'
import { codeOf } from '../test-support/errors.ts'
import { FakeModel, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'
import { assignVersion } from './assign-version.ts'

const VERSIONS = [1, 2]
const CANARY = mirrorPlan({ step: 'canary-50', candidateShare: 0.5 })
const BAKE = mirrorPlan({ step: 'bake', candidateShare: 1 })
const planOf = (mirror: ReturnType<typeof mirrorPlan> | null, live: number, generation = 2) =>
  servingPlan(
    modelPlan('m', generation, {
      ...{ versions: VERSIONS, mirror },
      labels: live === 1 ? { live: 1 } : { live: 2, previous: 1 },
    }),
  )

/** A key that the rollout gives to this version. */
function keyFor(version: 'baseline' | 'candidate'): string {
  for (let number = 0; ; number += 1) {
    const key = `user-${number}`
    if (assignVersion({ share: 0.5, rolloutId: CANARY.rolloutId, key }) === version) return key
  }
}

/** A crashing candidate that answers like version 2. */
class CrashingCandidate extends CrashingModel {
  override async run(inputs: NamedTensors): Promise<RunResult> {
    return asVersion2(await super.run(inputs))
  }

  override async runAlone(inputs: NamedTensors): Promise<RunResult> {
    return asVersion2(await super.runAlone(inputs))
  }
}

function asVersion2({ outputs, runTimeMs }: RunResult): RunResult {
  const shape = outputs.get('y')?.shape ?? []
  const data = Float32Array.from(valuesOfY(outputs), (value) => value + 200)
  return { outputs: new Map([['y', { dtype: 'float32', shape, data }]]), runTimeMs }
}

describe('a pair of versions', () => {
  let clock: TestClock
  let coin: number
  let candidate: FakeModel

  beforeEach(() => {
    clock = new TestClock()
    coin = 0
    candidate = new FakeModel({ offset: 200 })
  })

  async function rigWith(mirror: ReturnType<typeof mirrorPlan>, live: number) {
    const rig = nodeRig({
      ...{ clock, plan: planOf(mirror, live), random: () => coin },
      createModel: ({ version }) => (version === 2 ? candidate : new FakeModel({ offset: 100 })),
    })
    rig.core.start()
    await flush()
    const model = (version: number) => rig.models.get(`m@${version}`) as FakeModel
    /** Asks with a key that the rollout gives to this version. */
    const askAs = (version: 'baseline' | 'candidate', changes: Parameters<typeof rig.ask>[1] = {}) =>
      rig.ask('m', {
        header: (name) => (name === STICKY_KEY_HEADER ? keyFor(version) : undefined),
        ...changes,
      })
    return { ...rig, model, askAs }
  }

  const who = ({ servedBy: { version, variant, digest }, outputs }: InferenceResponse) =>
    `${variant} ${version} ${digest} ${valuesOfY(outputs)[0]}`
  const LIVE = 'live 1 digest-1 102'
  const TRIED = 'canary 2 digest-2 202'

  describe.each([
    ['sampled', 0, 'canary-50'],
    ['not sampled', 1, 'none'],
  ])('in canary, %s', (_sampled, thrown, step) => {
    beforeEach(() => {
      coin = thrown
    })

    it('answers each request from the version that its key gave it, and says so', async () => {
      const rig = await rigWith(CANARY, 1)
      const asked = ['baseline', 'candidate', 'candidate', 'baseline'] as const
      const answers = await Promise.all(asked.map((version) => rig.askAs(version)))
      expect(answers.map(who)).toEqual([LIVE, TRIED, TRIED, LIVE])
      await flush()
      expect(rig.sink.runs.map(({ mirror }) => mirror.step)).toEqual(step === 'none' ? [] : [step])
      const both = step === 'none' ? [[2], [2]] : [[4], [4]]
      expect([rig.model(1).batches, rig.model(2).batches]).toEqual(both)
      expect(rig.sink.batches).toEqual([{ requests: 4, sampled: step !== 'none' }])
    })

    it('assigns by the id of the request where there is no key', async () => {
      const rig = await rigWith(CANARY, 1)
      const ids = Array.from({ length: 40 }, (_, index) => `id-${index}`)
      const answers = await Promise.all(ids.map((requestId) => rig.ask('m', { requestId })))
      const expected = ids.map((key) => assignVersion({ share: 0.5, rolloutId: CANARY.rolloutId, key }))
      const candidates = answers.map(({ servedBy }) => (servedBy.version === 2 ? 'candidate' : 'baseline'))
      expect(candidates).toEqual(expected)
    })

    it('never splits nor mirrors a request that names a version or a label', async () => {
      const rig = await rigWith(CANARY, 1)
      const pinned = await rig.askAs('candidate', { selector: { kind: 'number', number: 1 } })
      const labelled = await rig.askAs('candidate', { selector: { kind: 'label', label: 'live' } })
      expect([who(pinned), who(labelled)]).toEqual(['pinned 1 digest-1 102', 'pinned 1 digest-1 102'])
      expect([rig.sink.runs, rig.sink.batches]).toEqual([[], []])
    })

    it.each(['onnx.run_failed', 'onnx.run_crashed', 'serving.executor_lost', 'serving.run_timeout'] as const)(
      'answers from live when the candidate fails with %s',
      async (code) => {
        const rig = await rigWith(CANARY, 1)
        candidate.error = new PlatformError(code, 'as told')
        const answers = await Promise.all([rig.askAs('candidate'), rig.askAs('baseline')])
        expect(answers.map(who)).toEqual([LIVE, LIVE])
        await flush()
        expect(
          rig.sink.pairs().map((pair) => 'error' in pair.candidate && pair.candidate.error.code),
        ).toEqual(step === 'none' ? [] : [code, code])
      },
    )

    it('answers from live by half of the budget when the candidate hangs', async () => {
      const rig = await rigWith(CANARY, 1)
      candidate.held = true
      const answers = Promise.all([
        rig.askAs('candidate', { timeoutMs: 100 }),
        rig.askAs('candidate', { timeoutMs: 400 }),
      ])
      await flush()
      await clock.advance(50)
      await flush()
      await clock.advance(150)
      expect((await answers).map(who)).toEqual([LIVE, LIVE])
      candidate.releaseAll()
      await flush()
      expect(rig.sink.outcomes().includes('open')).toBe(false)
    })

    it('answers from live what ends the process of the candidate, which is found out all the same', async () => {
      candidate = new CrashingCandidate(13)
      const rig = await rigWith(CANARY, 1)
      const [poison, other] = await Promise.all([
        rig.askAs('candidate', { inputs: rowsOfX([13, 0]) }),
        rig.askAs('candidate'),
      ])
      expect([poison.servedBy.version, valuesOfY(poison.outputs)[0]]).toEqual([1, 126])
      expect([102, 202]).toContain(valuesOfY(other.outputs)[0])
      await flush()
      expect(rig.seen.incidents).toMatchObject([{ kind: 'crash', digest: 'digest-2' }])
      const again = await rig.askAs('candidate', { inputs: rowsOfX([13, 0]) })
      expect(again.servedBy).toMatchObject({ version: 1, variant: 'live' })
    })

    it('gives a client the error of live when both versions fail its request', async () => {
      const rig = await rigWith(CANARY, 1)
      const bad = rig.askAs('candidate', { inputs: rowsOfX([-1, 0]) })
      expect(await codeOf(() => bad)).toBe('onnx.run_failed')
      expect(rig.model(1).batches).toEqual([1])
    })

    it('tells a client who goes away, and one whose time is over, as ever', async () => {
      const rig = await rigWith(CANARY, 1)
      candidate.held = true
      rig.model(1).held = true
      const gone = new AbortController()
      const left = codeOf(() => rig.askAs('candidate', { signal: gone.signal }))
      const late = codeOf(() => rig.askAs('candidate', { timeoutMs: 20 }))
      await flush()
      gone.abort()
      await clock.advance(10)
      await flush()
      await clock.advance(10)
      expect([await left, await late]).toEqual(['serving.cancelled', 'serving.deadline_exceeded'])
      candidate.releaseAll()
      rig.model(1).releaseAll()
      await flush()
    })

    it.each([
      ['the rollout ends', planOf(null, 1, 3)],
      ['the candidate is promoted', planOf(BAKE, 2, 3)],
      ['the candidate is taken away', servingPlan(modelPlan('m', 3, { versions: [1] }))],
    ])('answers every request that is under way when %s', async (_what, next) => {
      const rig = await rigWith(CANARY, 1)
      const live = rig.model(1)
      candidate.held = true
      live.held = true
      const first = [rig.askAs('candidate'), rig.askAs('baseline')]
      await flush()
      const second = [rig.askAs('candidate'), rig.askAs('baseline')]
      await rig.replan(next)
      candidate.releaseAll()
      live.releaseAll()
      const answers = await Promise.all([...first, ...second])
      expect(answers.slice(0, 2).map(who)).toEqual([TRIED, LIVE])
      for (const { servedBy, outputs } of answers) {
        expect(valuesOfY(outputs)[0]).toBe(2 + 100 * servedBy.version)
      }
      await flush()
      expect(rig.sink.outcomes().every((outcome) => outcome === 'settled' || outcome === 'lost')).toBe(true)
      await rig.core.close({ drainTimeoutMs: 0 })
      await flush()
      expect(rig.models.size, 'no handle is left').toBe(0)
    })

    it('gives the candidate nothing before it is available in the form that clients get', async () => {
      const slow = Object.assign(new FakeModel({ offset: 200 }), { isInLiveForm: () => inForm })
      let inForm = false
      candidate = slow
      const rig = await rigWith(CANARY, 1)
      expect(who(await rig.askAs('candidate'))).toBe(LIVE)
      inForm = true
      expect(who(await rig.askAs('candidate'))).toBe(TRIED)
    })
  })

  it('does not make live answers of a sampled batch wait for the candidate, nor those of the candidate for live', async () => {
    const rig = await rigWith(CANARY, 1)
    candidate.held = true
    const tried = rig.askAs('candidate')
    expect(who(await rig.askAs('baseline'))).toBe(LIVE)
    candidate.releaseAll()
    expect(who(await tried)).toBe(TRIED)
    rig.model(1).held = true
    const live = rig.askAs('baseline')
    expect(who(await rig.askAs('candidate'))).toBe(TRIED)
    rig.model(1).releaseAll()
    expect(who(await live)).toBe(LIVE)
  })

  it('runs what clients wait for before what is only compared', async () => {
    const rig = await rigWith(CANARY, 1)
    candidate.held = true
    await rig.askAs('baseline')
    await flush()
    const tried = rig.askAs('candidate')
    await flush()
    expect(candidate.batches).toEqual([1, 1])
    candidate.releaseAll()
    expect(who(await tried)).toBe(TRIED)
  })

  describe('in bake', () => {
    it('answers from the candidate as live, and compares the other way round with the same roles', async () => {
      const rig = await rigWith(BAKE, 2)
      expect(who(await rig.ask('m'))).toBe('live 2 digest-2 202')
      await flush()
      const [pair] = rig.sink.pairs()
      const [y1, y2] = [pair?.baseline, pair?.candidate].map((answer) =>
        answer !== undefined && 'outputs' in answer ? valuesOfY(answer.outputs)[0] : undefined,
      )
      expect([y1, y2, rig.sink.runs[0]?.mirror.step]).toEqual([102, 202, 'bake'])
    })

    it('waits for the old version in nothing', async () => {
      const rig = await rigWith(BAKE, 2)
      rig.model(1).held = true
      for (let turn = 0; turn < 5; turn += 1) expect((await rig.ask('m')).servedBy.version).toBe(2)
      rig.model(1).releaseAll()
      await flush()
    })

    it.each(['onnx.run_crashed', 'onnx.run_failed', 'serving.executor_lost'] as const)(
      'answers from the old version when the new one fails with %s, and says so',
      async (code) => {
        const rig = await rigWith(BAKE, 2)
        candidate.error = new PlatformError(code, 'as told')
        expect(who(await rig.ask('m'))).toBe('canary 1 digest-1 102')
        await flush()
        expect(rig.sink.pairs()[0]?.candidate).toMatchObject({ error: { code } })
        expect(rig.sink.pairs()[0]?.baseline).toHaveProperty('outputs')
      },
    )

    it('answers from the old version by half of the budget when the new one hangs', async () => {
      const rig = await rigWith(BAKE, 2)
      candidate.held = true
      const answer = rig.ask('m', { timeoutMs: 100 })
      await flush()
      await clock.advance(50)
      expect(who(await answer)).toBe('canary 1 digest-1 102')
      candidate.releaseAll()
      await flush()
    })

    it('gives the error of the new version when the old one is not loaded any more', async () => {
      const rig = await rigWith(BAKE, 2)
      await rig.replan(servingPlan(modelPlan('m', 3, { versions: [2], labels: { live: 2 }, mirror: BAKE })))
      candidate.error = new PlatformError('onnx.run_failed', 'as told')
      expect(await codeOf(() => rig.ask('m'))).toBe('onnx.run_failed')
    })

    it('loses no request when it is rolled back under them', async () => {
      const rig = await rigWith(BAKE, 2)
      candidate.held = true
      const under = [rig.ask('m'), rig.ask('m')]
      await flush()
      under.push(rig.ask('m'))
      await rig.replan(servingPlan(modelPlan('m', 3, { versions: [1] })))
      expect(who(await rig.ask('m'))).toBe('live 1 digest-1 102')
      candidate.releaseAll()
      expect((await Promise.all(under)).map(({ servedBy }) => servedBy.version)).toEqual([2, 2, 2])
      await flush()
      expect([...rig.models.keys()]).toEqual(['m@1'])
    })
  })

  describe('tells of the time that the candidate took', () => {
    const runMsOf = async (mirror: ReturnType<typeof mirrorPlan>, live: number) => {
      const rig = await rigWith(mirror, live)
      await rig.ask('m')
      await flush()
      await clock.advance(5_000)
      await flush()
      return rig.sink.paired().map(({ candidateRunMs }) => candidateRunMs)
    }

    it.each([
      ['shadow', mirrorPlan(), 1],
      ['bake', BAKE, 2],
    ] as const)('in %s: its run alone', async (_step, mirror, live) => {
      candidate.runTimeMs = 7
      expect(await runMsOf(mirror, live)).toEqual([7])
    })

    it.each([
      ['in shadow', mirrorPlan(), 1],
      ['in bake', BAKE, 2],
    ] as const)('%s: longer than any when its process was ended', async (_step, mirror, live) => {
      candidate = new CrashingCandidate(1)
      expect(await runMsOf(mirror, live)).toEqual([Number.POSITIVE_INFINITY])
    })

    it('longer than any when it was given up', async () => {
      candidate.held = true
      expect(await runMsOf(mirrorPlan(), 1)).toEqual([Number.POSITIVE_INFINITY])
      candidate.releaseAll()
    })

    it.each([
      ['in shadow', mirrorPlan(), 1],
      ['in bake', BAKE, 2],
    ] as const)('%s: nothing while it is not in the form that clients get', async (_step, mirror, live) => {
      candidate = Object.assign(new FakeModel({ offset: 200 }), { isInLiveForm: () => false })
      candidate.runTimeMs = 7
      expect(await runMsOf(mirror, live)).toEqual([null])
    })

    it('nothing when it failed by itself', async () => {
      candidate.error = new PlatformError('onnx.run_failed', 'as told')
      expect(await runMsOf(mirrorPlan(), 1)).toEqual([null])
    })
  })

  it('counts a request in the segment that its header names', async () => {
    const rig = await rigWith(mirrorPlan({ segmentHeader: 'tenant' }), 1)
    await Promise.all([
      rig.ask('m', { header: (name) => (name === 'tenant' ? 'acme' : undefined) }),
      rig.ask('m', { header: () => 'x'.repeat(65) }),
      rig.ask('m'),
    ])
    expect(rig.sink.runs[0]?.requests.map(({ segment }) => segment)).toEqual(['acme', '', ''])
    expect(rig.sink.runs[0]?.source).toBe('live')
  })
})
