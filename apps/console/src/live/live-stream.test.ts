import type { ChangeEvent } from '@understudy/api/control'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LiveStream, LOST_AFTER_MS } from './live-stream.ts'

const AT = '2026-11-22T14:04:10Z'

/** A server that tells what it is told to, and every call the page gets. */
function scene() {
  const calls: string[] = []
  let say: ((event: ChangeEvent) => void) | undefined
  const stream = new LiveStream({
    subscribe(onEvent) {
      calls.push('subscribe')
      say = onEvent
      return { unsubscribe: () => calls.push('unsubscribe') }
    },
    onSign: () => calls.push('sign'),
    onLost: () => calls.push('lost'),
    onChange: () => calls.push('change'),
  })
  const tell = (seq: number) => say?.({ seq, at: AT })
  return { stream, calls, tell }
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('the first sign of life counts as a change, a heartbeat does not, another number does', () => {
  const { stream, calls, tell } = scene()
  stream.open()
  for (const seq of [4, 4, 5]) tell(seq)
  expect(calls).toEqual(['subscribe', 'sign', 'change', 'sign', 'sign', 'change'])
})

test('silence is noticed, said, and answered by a new stream, again and again', () => {
  const { stream, calls, tell } = scene()
  stream.open()
  tell(1)
  vi.advanceTimersByTime(LOST_AFTER_MS - 1)
  expect(calls).not.toContain('lost')
  vi.advanceTimersByTime(1 + LOST_AFTER_MS)
  expect(calls.slice(3)).toEqual(['lost', 'unsubscribe', 'subscribe', 'lost', 'unsubscribe', 'subscribe'])
})

test('after a cut the same number counts as a change: some may have been missed', () => {
  const { stream, calls, tell } = scene()
  stream.open()
  tell(7)
  vi.advanceTimersByTime(LOST_AFTER_MS)
  calls.length = 0
  tell(7)
  expect(calls).toEqual(['sign', 'change'])
})

test('a closed stream makes no sound', () => {
  const { stream, calls } = scene()
  stream.open()
  stream.close()
  calls.length = 0
  vi.advanceTimersByTime(10 * LOST_AFTER_MS)
  expect(calls).toEqual([])
})
