import type { DeliveryView, NotificationView } from '@understudy/api/views'
import { expect, it } from 'vitest'
import { notificationsText } from './notifications-text.ts'

const told: NotificationView = {
  ...{ id: '1', kind: 'promoted', model: 'iris', sentence: 'iris v2 went live', deliveries: [] },
  at: '2026-01-02T03:04:05.678Z',
}
const delivery: DeliveryView = {
  ...{ channel: 'webhook', state: 'delivered', attempts: 1, at: '2026-01-02T03:04:06.000Z' },
  lastError: null,
}

it('says when what was told, and over which channel it arrived', () => {
  const text = notificationsText([{ ...told, deliveries: [delivery] }])
  expect(text).toMatch(/2026-01-02 03:04:05 +promoted +iris v2 went live +webhook: delivered$/m)
})

it('says what still waits or was given up, how often it was tried, and why the last attempt failed', () => {
  const waiting: DeliveryView = { ...delivery, state: 'waiting', at: null, lastError: 'answered 503' }
  const givenUp: DeliveryView = { ...waiting, channel: 'email', state: 'givenUp', attempts: 9 }
  const text = notificationsText([{ ...told, deliveries: [givenUp, waiting] }])
  expect(text).toContain(
    'email: given up after 9 attempts (answered 503); webhook: waits, 1 attempt (answered 503)',
  )
})

it('tells what nobody wanted to hear from that nothing was told', () => {
  expect(notificationsText([told])).toContain('over no channel')
  expect(notificationsText([])).toBe('Nobody was told anything yet.')
})
