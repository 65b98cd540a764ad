import { expect, it } from 'vitest'
import { type BackgroundMeans, decideBackgroundMeans } from './background-priority.ts'

it.each<[boolean, boolean, BackgroundMeans]>([
  [true, true, 'autogroup'],
  [true, false, 'autogroup'],
  [false, true, 'nice'],
  [false, false, 'none'],
])('shares by session: %s, may raise again: %s: loads give way by %s', (sharesBySession, mayRaise, means) => {
  expect(decideBackgroundMeans({ sharesBySession, mayRaise })).toBe(means)
})
