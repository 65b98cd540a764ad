import { DRIFT_REASONS, ROLLOUT_KINDS } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { simulateModels, unseenMoves } from './simulate-models.fixture.ts'

const SEED = 20_261_130
const RUNS = 400

describe(`a model over any history of pushes, acts, evidence and losses (seed ${SEED})`, () => {
  it('goes live only as it may, comes to rest, leaves every state by its deadline, keeps a way back, and says truly why live is not the newest', () => {
    const seen = simulateModels({ seed: SEED, runs: RUNS })
    // The long form sees every move.
    expect(unseenMoves(seen).length).toBeLessThanOrEqual(5)
    expect([...seen.drifts].sort()).toEqual([...DRIFT_REASONS].sort())
    expect([...seen.kinds].sort()).toEqual([...ROLLOUT_KINDS].sort())
    expect(seen.promotions).toBeGreaterThan(RUNS)
  }, 60_000)
})
