import { describe, expect, test } from 'vitest'
import { age, clockTime, dateAndTime, exactTime, relativeTime, tickMs, zoneName } from './relative-time.ts'

const NOW = new Date('2026-11-22T14:04:10Z')
const ago = (ms: number) => new Date(NOW.getTime() - ms)
const UTC = { timeZone: 'UTC' }

describe('relativeTime', () => {
  test.each([
    [0, 'just now'],
    [-5_000, 'just now'],
    [1_999, 'just now'],
    [2_000, '2 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [59 * 60_000 + 59_000, '59 min ago'],
    [3_600_000, '1 h ago'],
    [24 * 3_600_000 - 1, '23 h ago'],
    [24 * 3_600_000, '21 Nov 14:04'],
  ])('says of %i ms ago: %s', (ms, words) => {
    expect(relativeTime(ago(ms), NOW, UTC)).toBe(words)
  })

  test('ticks ever more rarely', () => {
    expect([5_000, 300_000, 7_200_000].map((ms) => tickMs(ago(ms), NOW))).toEqual([5_000, 10_000, 60_000])
  })
})

describe('age', () => {
  test.each([
    [9_000, '9 s'],
    [40 * 60_000, '40 min'],
    [3 * 3_600_000, '3 h'],
    [50 * 3_600_000, '2 d'],
    [-1_000, '0 s'],
  ])('says of %i ms: %s', (ms, words) => {
    expect(age(ago(ms), NOW)).toBe(words)
  })
})

describe('exact times', () => {
  test('name the zone they are written in', () => {
    expect(exactTime(NOW, UTC)).toBe('22 Nov 2026, 14:04:10 UTC')
    expect(exactTime(NOW, { timeZone: 'Europe/Berlin' })).toBe('22 Nov 2026, 15:04:10 UTC+1')
    expect(zoneName(NOW, { timeZone: 'Asia/Kolkata' })).toBe('UTC+5:30')
  })

  test('write midnight as 00', () => {
    expect(clockTime(new Date('2026-11-22T00:00:05Z'), UTC)).toBe('00:00:05')
    expect(dateAndTime(new Date('2026-11-22T00:00:05Z'), UTC)).toBe('22 Nov 00:00')
  })
})
