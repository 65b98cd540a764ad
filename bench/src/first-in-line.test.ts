import { expect, it } from 'vitest'
import { firstInLine } from './first-in-line.ts'

it('says that threads do not come first where the system refuses', async () => {
  const none = 2 ** 22 + 1
  expect(await firstInLine([none])).toBe(false)
})
