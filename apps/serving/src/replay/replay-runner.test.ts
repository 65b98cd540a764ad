import { deriveInputKey, type MirrorPlan, type PlannedVersion, sealBytes } from '@understudy/core'
import type { CaptureRow } from '@understudy/db/node'
import type { ReplayOutcome } from '@understudy/serving'
import { createLogger } from '@understudy/telemetry'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { captureSubject } from '../capture/capture-buffer.ts'
import { encodeInputs } from '../capture/input-codec.ts'
import type { PlannedSeries } from '../node/mirrored-series.ts'
import { ReplayRunner } from './replay-runner.ts'

const KEY = deriveInputKey('the secret of an installation')
const inputs = new Map([['x', { dtype: 'float32' as const, shape: [1], data: Float32Array.from([5]) }]])
const captured = (requestId: string, key = KEY): CaptureRow => ({
  ...{ model: 'iris', requestId, capturedAtMs: 0, rows: 1 },
  body: sealBytes(key, encodeInputs(inputs), captureSubject('iris', requestId)),
})

/** A record of captures: what is under way is counted and stored when the test says so. */
function rig(rows: readonly CaptureRow[]) {
  const state = {
    claims: 0,
    mayClaim: true,
    replay: true,
    latency: false,
    idleAsked: 0,
    pages: [] as number[],
    isAway: false,
    ran: [] as string[],
    outcome: (_id: string): ReplayOutcome | Promise<ReplayOutcome> => 'settled',
  }
  const underWay = new Set<string>()
  const clock = new TestClock()
  const series = (): PlannedSeries => ({
    ...{ model: 'iris', baseline: {} as PlannedVersion, candidate: {} as PlannedVersion },
    mirror: {
      ...{ seriesId: 's1', step: 'shadow', replay: state.replay },
      latency: state.latency ? { share: 1, overMs: null } : null,
    } as MirrorPlan,
  })
  const runner = new ReplayRunner({
    store: {
      claimReplay: async () => {
        if (state.isAway) throw new Error('the record is away')
        state.claims += 1
        return state.mayClaim
      },
      nextReplays: async (_series, except, limit = 0) => {
        const page = rows.filter(({ requestId }) => !except.includes(requestId)).slice(0, limit)
        state.pages.push(page.length)
        return page
      },
    },
    replay: async (_mirror, { requestId, inputs: ran }) => {
      expect(ran).toEqual(inputs)
      const outcome = await state.outcome(requestId)
      if (outcome === 'refused') return outcome
      state.ran.push(requestId)
      underWay.add(requestId)
      return outcome
    },
    underWay: () => [...underWay],
    untilIdle: async () => {
      state.idleAsked += 1
    },
    seriesOf: (id) => (id === 's1' ? series() : undefined),
    seriesIds: () => ['s1'],
    ...{ inputKey: KEY, clock, logger: createLogger({ name: 'test', level: 'silent' }) },
  })
  const pass = async (ms: number) => {
    for (let past = 0; past < ms; past += 100) await clock.advance(100)
  }
  return { runner, state, clock, pass }
}
const ids = (count: number) => Array.from({ length: count }, (_, index) => `r-${index}`)

describe('ReplayRunner', () => {
  it('runs each captured request once, page by page, until none is left', async () => {
    const { runner, state, pass } = rig(ids(250).map((id) => captured(id)))
    runner.start()
    await waitFor('all', () => state.ran.length === 250)
    await pass(5_000)
    expect(state.ran).toEqual(ids(250))
    expect(state.pages.slice(0, 3)).toEqual([100, 100, 50])
    await runner.close()
  })

  it('runs nothing while another node replays, and takes over when it may', async () => {
    const { runner, state, pass } = rig([captured('a')])
    state.mayClaim = false
    runner.start()
    await pass(3_000)
    expect(state.ran).toEqual([])
    state.mayClaim = true
    await pass(2_000)
    expect(state.ran).toEqual(['a'])
    await runner.close()
  })

  it('stops with the next request when the plan does not ask for it any more', async () => {
    const { runner, state } = rig(ids(10).map((id) => captured(id)))
    state.outcome = (id) => {
      if (id === 'r-2') state.replay = false
      return 'settled'
    }
    runner.start()
    await waitFor('three', () => state.ran.length === 3)
    await runner.close()
    expect(state.ran).toEqual(ids(3))
  })

  it('keeps its claim while one request waits for clients', async () => {
    const { runner, state, pass } = rig([captured('a')])
    let go: (outcome: ReplayOutcome) => void = () => {}
    state.outcome = () =>
      new Promise((resolve) => {
        go = resolve
      })
    runner.start()
    await waitFor('the claim', () => state.claims === 1)
    await pass(20_000)
    expect(state.claims).toBeGreaterThan(3)
    go('settled')
    await runner.close()
    expect(state.ran).toEqual(['a'])
  })

  it('tries a refused request again, and leaves it to others when it is refused again and again', async () => {
    const { runner, state, pass } = rig([captured('refused'), captured('shy')])
    let shy = 0
    let refused = 0
    state.outcome = (id) => {
      if (id === 'shy') return ++shy > 2 ? 'settled' : 'refused'
      refused += 1
      return 'refused'
    }
    runner.start()
    await pass(30_000)
    expect(state.ran).toEqual(['shy'])
    expect(refused).toBe(5)
    await runner.close()
  })

  it('leaves out what was encrypted with another key, and goes on', async () => {
    const { runner, state } = rig([
      captured('foreign', deriveInputKey('another installation, its secret')),
      captured('own'),
    ])
    runner.start()
    await waitFor('the own', () => state.ran.length === 1)
    expect(state.ran).toEqual(['own'])
    await runner.close()
  })

  it('pauses while the record is away', async () => {
    const { runner, state, pass } = rig([captured('a')])
    state.isAway = true
    runner.start()
    await pass(3_000)
    expect(state.ran).toEqual([])
    state.isAway = false
    await pass(2_000)
    expect(state.ran).toEqual(['a'])
    await runner.close()
  })

  it('waits for run times to be compared where the plan compares them', async () => {
    const { runner, state } = rig([captured('a'), captured('b')])
    state.latency = true
    runner.start()
    await waitFor('both', () => state.ran.length === 2)
    expect(state.idleAsked).toBe(2)
    await runner.close()
  })
})
