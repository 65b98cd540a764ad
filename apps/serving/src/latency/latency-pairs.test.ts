import { type MirrorPlan, PlatformError } from '@understudy/core'
import type { ComparedRun } from '@understudy/onnx'
import { type LatencyGate, LatencyLedger } from '@understudy/rollout'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { type ApartRun, decideApart } from './decide-apart.ts'
import { LatencyPairs, type PairRunner } from './latency-pairs.ts'
import { runTimesOf } from './run-times-of.ts'

const took = (runTimeMs: number): ComparedRun => ({ outputs: new Map(), runTimeMs })
const failed = (code: 'serving.run_timeout' | 'onnx.run_failed' | 'serving.executor_lost'): ComparedRun => ({
  error: new PlatformError(code, 'failed'),
})

describe('runTimesOf', () => {
  const { POSITIVE_INFINITY: endless } = Number
  it.each([
    ['two answers', took(2), took(3), { baselineMs: 2, candidateMs: 3 }],
    [
      'a candidate that was ended',
      took(2),
      failed('serving.run_timeout'),
      { baselineMs: 2, candidateMs: endless },
    ],
    [
      'a candidate that fails fast',
      took(2),
      failed('onnx.run_failed'),
      { baselineMs: 2, candidateMs: endless },
    ],
    [
      'a request that neither answers',
      ...[failed('onnx.run_failed'), failed('onnx.run_failed')],
      { baselineMs: endless, candidateMs: endless },
    ],
    ['a loss of the platform', took(2), failed('serving.executor_lost'), null],
    ['a loss before the baseline', failed('serving.executor_lost'), took(3), null],
  ] as const)('takes %s for what it is', (_what, baseline, candidate, times) => {
    expect(runTimesOf({ baseline, candidate })).toEqual(times)
  })
})

describe('decideApart', () => {
  const seeded = () => {
    let state = 7
    return () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
  }

  it('shows the noise of the comparator early, then in a tenth of the pairs, and either version runs first as often', () => {
    const random = seeded()
    const all = Array.from({ length: 20_200 }, (_, pairs) =>
      decideApart({ share: 1, isIdle: true, pairs }, random),
    )
    const calibrations = (runs: readonly (ApartRun | null)[]) =>
      runs.filter((run) => run?.gate === 'calibration').length / runs.length
    expect(Math.abs(calibrations(all.slice(0, 200)) - 0.5)).toBeLessThan(0.12)
    expect(Math.abs(calibrations(all.slice(200)) - 0.1)).toBeLessThan(0.01)
    const first = all.filter((run) => run?.first === 'baseline').length / all.length
    expect(Math.abs(first - 0.5)).toBeLessThan(0.02)
  })

  it('runs the share apart that the plan asks for, and none while the executor is busy', () => {
    const random = seeded()
    const share = (isIdle: boolean) =>
      Array.from({ length: 10_000 }, () => decideApart({ share: 0.3, isIdle, pairs: 500 }, random)).filter(
        Boolean,
      ).length / 10_000
    expect(Math.abs(share(true) - 0.3)).toBeLessThan(0.03)
    expect(share(false)).toBe(0)
  })
})

const mirror = (seriesId = 's1', share = 1): MirrorPlan => ({
  ...{ rolloutId: 'r', seriesId, step: 'shadow', baseline: 1, candidate: 2, sample: 1, candidateShare: 0 },
  ...{ compare: {}, latency: { share, overMs: null }, segmentHeader: null, keepAnswers: false },
  ...{ replay: false, storeInputs: false, traceparent: null },
})

class FakeRunner implements PairRunner {
  readonly runs: ApartRun[] = []
  isClosed = false
  leave: (reason: PlatformError) => void = () => {}
  readonly left = new Promise<PlatformError>((resolve) => {
    this.leave = resolve
  })
  open: (error?: Error) => void = () => {}
  answer: (pair: { baseline: ComparedRun; candidate: ComparedRun }) => void = () => {}
  readonly #opening = new Promise<void>((resolve, reject) => {
    this.open = (error) => (error ? reject(error) : resolve())
  })

  opened() {
    return this.#opening
  }

  compare(_inputs: unknown, run: ApartRun) {
    this.runs.push(run)
    return new Promise<{ baseline: ComparedRun; candidate: ComparedRun }>((resolve) => {
      this.answer = resolve
    })
  }

  async close() {
    this.isClosed = true
  }
}

function rig() {
  const runners: FakeRunner[] = []
  const faults: unknown[] = []
  const clock = new TestClock()
  const pairs = new LatencyPairs({
    open: () => {
      const runner = new FakeRunner()
      runners.push(runner)
      return runner
    },
    random: () => 0.9,
    onFault: (error) => faults.push(error),
    clock,
  })
  const ledger = new LatencyLedger({ source: 'live', step: 'shadow', gate: 'latency' })
  const gates: LatencyGate[] = []
  const slots = {
    admitPair: (gate: LatencyGate) => {
      gates.push(gate)
      return ledger.admitPair()
    },
  }
  const admit = (plan = mirror(), source: 'live' | 'replay' = 'live') => pairs.admit(plan, source, slots)
  const opened = async () => {
    admit()
    runners.at(-1)?.open()
    await pairs.untilIdle('s1')
  }
  return { pairs, runners, faults, clock, ledger, gates, admit, opened }
}

describe('LatencyPairs', () => {
  it('runs nothing apart before both versions are loaded, then one pair at a time', async () => {
    const { runners, ledger, gates, admit, opened, pairs } = rig()
    await opened()
    expect(runners).toHaveLength(1)
    const first = admit()
    expect(admit()).toBeUndefined()
    first?.run(new Map())
    expect(runners[0]?.runs).toEqual([{ gate: 'latency', first: 'candidate' }])
    runners[0]?.answer({ baseline: took(1), candidate: took(2) })
    await pairs.untilIdle('s1')
    expect(ledger.snapshot()).toMatchObject({ admitted: 1, lost: 0 })
    expect(admit()).toBeDefined()
    expect(gates).toEqual(['latency', 'latency'])
  })

  it('counts a pair as lost when its mirrored run is, or its executor', async () => {
    const { runners, ledger, admit, opened, pairs } = rig()
    await opened()
    admit()?.lose()
    const second = admit()
    second?.run(new Map())
    second?.lose()
    runners[0]?.answer({ baseline: took(1), candidate: failed('serving.executor_lost') })
    await pairs.untilIdle('s1')
    expect(ledger.snapshot()).toMatchObject({ admitted: 2, lost: 2 })
  })

  it('throws the coin of the plan for live runs, and takes every replayed one', async () => {
    const { admit, opened } = rig()
    await opened()
    expect(admit(mirror('s1', 0.5))).toBeUndefined()
    expect(admit(mirror('s1', 0.5), 'replay')).toBeDefined()
  })

  it('ends the executor of a series that is compared no more, and opens it again for one that is', async () => {
    const { runners, pairs, opened, admit } = rig()
    await opened()
    pairs.setPlanned(new Set(['s1']))
    expect(runners[0]?.isClosed).toBe(false)
    pairs.setPlanned(new Set())
    expect(runners[0]?.isClosed).toBe(true)
    admit()
    expect(runners).toHaveLength(2)
  })

  it('says that versions cannot be loaded, and tries again later', async () => {
    const { runners, faults, clock, admit } = rig()
    admit()
    runners[0]?.open(new Error('no memory'))
    await waitFor('the fault', () => faults.length === 1)
    expect(runners[0]?.isClosed).toBe(true)
    admit()
    expect(runners).toHaveLength(1)
    await clock.advance(30_000)
    admit()
    expect(runners).toHaveLength(2)
  })

  it('says that versions had to leave, and tries again later', async () => {
    const { runners, faults, clock, admit, opened } = rig()
    await opened()
    const reason = new PlatformError('serving.insufficient_memory', 'a version needs it')
    runners[0]?.leave(reason)
    await waitFor('the fault', () => faults.length === 1)
    expect(faults).toEqual([reason])
    expect(admit()).toBeUndefined()
    await clock.advance(30_000)
    admit()
    expect(runners).toHaveLength(2)
  })

  it('opens nothing after it was closed', async () => {
    const { runners, pairs, opened, admit } = rig()
    await opened()
    await pairs.close()
    expect(runners[0]?.isClosed).toBe(true)
    expect(admit()).toBeUndefined()
    expect(runners).toHaveLength(1)
  })
})
