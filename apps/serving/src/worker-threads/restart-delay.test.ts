import { expect, it } from 'vitest'
import { restartDelayMs } from './restart-delay.ts'

it.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
  [5, 800],
  [5_000, 800],
])('after %i losses in a row a worker stays away %i ms', (losses, delayMs) => {
  expect(restartDelayMs(100, losses)).toBe(delayMs)
})
