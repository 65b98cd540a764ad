import { type CapturePlan, deriveInputKey, type Tensor } from '@understudy/core'
import type { CaptureRow, EvidenceCompany } from '@understudy/db/node'
import { createLogger } from '@understudy/telemetry'
import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { CaptureBuffer } from '../capture/capture-buffer.ts'
import { KeptAnswers } from '../kept/kept-answers.ts'
import { RequestKeeping } from './request-keeping.ts'

const PLAN: CapturePlan = { share: 1, maxRequests: 10, maxBytes: 1e6, maxAgeMs: 1e6, redact: [] }
const x: ReadonlyMap<string, Tensor> = new Map([
  ['x', { dtype: 'float32' as const, shape: [1], data: new Float32Array(1) }],
])

function rig() {
  const clock = new TestClock()
  const state = { isAway: false, isPlanned: true, forgot: 0 }
  const stored: { answers: string[]; captures: string[] } = { answers: [], captures: [] }
  const reach = () => {
    if (state.isAway) throw new Error('the record is away')
  }
  const answers = new KeptAnswers({ seriesOf: () => undefined, random: () => 0, clock })
  const captures = new CaptureBuffer(deriveInputKey('the secret of an installation'), clock)
  const store = {
    flushEvidence: async (_flushes: unknown, { answers: rows = [] }: EvidenceCompany = {}) => {
      reach()
      stored.answers.push(...rows.map(({ requestId }) => requestId))
      return { refused: [] }
    },
    requests: {
      storeCaptures: async (rows: readonly CaptureRow[]) => {
        reach()
        stored.captures.push(...rows.map(({ requestId }) => requestId))
      },
      forget: async () => {
        reach()
        state.forgot += 1
      },
    },
  } as unknown as ConstructorParameters<typeof RequestKeeping>[0]['store']
  const keeping = new RequestKeeping({
    ...{ store, answers, captures, clock, logger: createLogger({ name: 'test', level: 'silent' }) },
    plan: {
      captures: new Map([['iris', PLAN]]),
      get isPlanned() {
        return state.isPlanned
      },
    },
  })
  const happens = (requestId: string) => {
    answers.offer('iris', { number: 1, digest: 'd' }, { requestId, rows: 1 }, x)
    captures.offer('iris', PLAN, { requestId, rows: 1, inputs: x })
  }
  return { clock, state, stored, keeping, happens }
}

describe('RequestKeeping', () => {
  it('stores answers and captured requests, each once', async () => {
    const { keeping, happens, stored } = rig()
    happens('a')
    await keeping.flush()
    happens('b')
    await keeping.flush()
    expect(stored).toEqual({ answers: ['a', 'b'], captures: ['a', 'b'] })
  })

  it('keeps answers while the record is away', async () => {
    const { keeping, happens, stored, state } = rig()
    happens('a')
    state.isAway = true
    await expect(keeping.flush()).rejects.toThrow('away')
    state.isAway = false
    await keeping.flush()
    expect(stored.answers).toEqual(['a'])
  })

  it('has forgotten what is too old once a minute, and nothing before there was a plan', async () => {
    const { keeping, clock, state } = rig()
    state.isPlanned = false
    await clock.advance(120_000)
    await keeping.flush()
    expect(state.forgot).toBe(0)
    state.isPlanned = true
    for (let second = 0; second < 150; second += 1) {
      await keeping.flush()
      await clock.advance(1_000)
    }
    expect(state.forgot).toBe(3)
  })
})
