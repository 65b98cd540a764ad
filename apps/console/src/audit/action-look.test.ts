import { CAUSES } from '@understudy/rollout'
import { expect, test } from 'vitest'
import { actionIcon } from './action-look.ts'

test('every move of a rollout has a sign of its own', () => {
  const unknown = actionIcon('rollout.unheardOf')
  // A commit is recorded as a promotion.
  const recorded = CAUSES.filter((cause) => cause !== 'committed').map((cause) => `rollout.${cause}`)
  expect(recorded.filter((action) => actionIcon(action) === unknown)).toEqual([])
})

test('an action without a sign is shown all the same', () => {
  expect(actionIcon('unheardOf')).toBeDefined()
})
