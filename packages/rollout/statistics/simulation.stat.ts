import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { simulateModels, unseenMoves } from '../src/simulation/simulate-models.fixture.ts'
import { note } from './figures.ts'

const RUNS = 10_000
/** Another one each time, so that it looks at what was not looked at before: what breaks a law is told with it. */
const SEED = randomInt(2 ** 31)

it(`keeps every law of rollouts over ${RUNS} histories of a model (seed ${SEED})`, () => {
  const seen = simulateModels({ seed: SEED, runs: RUNS })
  note(`${RUNS} histories of a model, seed ${SEED}`, {
    promotions: seen.promotions,
    rollbacks: seen.rollbacks,
  })
  expect(unseenMoves(seen)).toEqual([])
}, 600_000)
