import { DRIFT_REASONS, ROLLOUT_KINDS } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { TRANSITIONS } from '../rollouts/transitions.ts'
import { simulateModels } from './simulate-models.fixture.ts'

const SEED = 20_261_130
const RUNS = 1_000

/** Moves that need a record which these worlds do not come to. */
const UNREACHED = [
  // What judges in a bake was live before, and only what is tried is withdrawn.
  'bake failed failed',
  // A pass once reached stays until a fail, or another policy.
  'promoting verdictMissing pausedInconclusive',
]

const TABLE = Object.entries(TRANSITIONS).flatMap(([from, row]) =>
  Object.entries(row).flatMap(([cause, targets]: [string, readonly string[]]) =>
    targets.map((to) => `${from} ${cause} ${to}`),
  ),
)

describe(`a model over any history of pushes, acts, evidence and losses (seed ${SEED})`, () => {
  it('goes live only as it may, comes to rest, leaves every state by its deadline, keeps a way back, and says truly why live is not the newest', () => {
    const seen = simulateModels({ seed: SEED, runs: RUNS })
    // Nothing was proved of what did not happen.
    expect(TABLE.filter((move) => !seen.moves.has(move)).sort()).toEqual(UNREACHED)
    expect([...seen.drifts].sort()).toEqual([...DRIFT_REASONS].sort())
    expect([...seen.kinds].sort()).toEqual([...ROLLOUT_KINDS].sort())
    expect(seen.promotions).toBeGreaterThan(RUNS)
    expect(seen.rollbacks).toBeGreaterThan(10)
  }, 60_000)
})
