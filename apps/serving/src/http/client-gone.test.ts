import { expect, it } from 'vitest'
import { ClientGone } from './client-gone.ts'

it('tells everyone who still listens, once', () => {
  const gone = new ClientGone()
  const told: string[] = []
  const first = () => told.push('first')
  gone.addEventListener('abort', first)
  gone.addEventListener('abort', () => told.push('second'))
  gone.addEventListener('abort', { handleEvent: () => told.push('third') })
  gone.removeEventListener('abort', first)
  gone.removeEventListener('abort', first)
  expect(gone.aborted).toBe(false)
  gone.abort()
  gone.abort()
  expect([told, gone.aborted]).toEqual([['second', 'third'], true])
})
