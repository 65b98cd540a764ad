import { expect, it } from 'vitest'
import { describeExit } from './executor-exit.ts'

it('an end that nobody saw is not told as one with a code', () => {
  const unseen = { code: null, signal: null, lastWord: undefined, stderrTail: '' }
  expect(describeExit(unseen)).toBe('ended, and nobody saw how')
  expect(describeExit({ ...unseen, code: 7 })).toBe('ended with code 7')
  expect(describeExit({ ...unseen, lastWord: 'memory' })).toBe('exceeded its memory limit')
})
