import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { simulateModels } from '../src/simulation/simulate-models.fixture.ts'

const RUNS = 20_000
/** Another one each time, so that nights look at what no night looked at before: a failure names it. */
const SEED = randomInt(2 ** 31)

it(`keeps every law of rollouts over ${RUNS} histories of a model (seed ${SEED})`, () => {
  expect(simulateModels({ seed: SEED, runs: RUNS }).promotions).toBeGreaterThan(RUNS)
}, 600_000)
