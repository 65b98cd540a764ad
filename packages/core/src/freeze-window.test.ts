import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freezeMistake, frozenUntil } from './freeze-window.ts'
import { parseModelConfig } from './model-config/parse.ts'

const HOUR_MS = 3_600_000
const at = (iso: string) => Date.parse(iso)
/** Friday evening to Monday morning. */
const WEEKEND = { cron: '0 18 * * 5', duration: 60 * HOUR_MS, timeZone: 'UTC' }

describe('frozenUntil', () => {
  it.each<[string, string | null]>([
    ['2026-11-27T17:59:59.999Z', null],
    ['2026-11-27T18:00:00.000Z', '2026-11-30T06:00:00.000Z'],
    ['2026-11-27T18:00:00.001Z', '2026-11-30T06:00:00.000Z'],
    ['2026-11-29T12:00:00.000Z', '2026-11-30T06:00:00.000Z'],
    ['2026-11-30T05:59:59.999Z', '2026-11-30T06:00:00.000Z'],
    ['2026-11-30T06:00:00.000Z', null],
  ])('knows at %s that the weekend stands until %s', (now, until) => {
    expect(frozenUntil([WEEKEND], at(now))).toBe(until === null ? null : at(until))
  })

  it('reads the hours in the time zone of the window, summer and winter', () => {
    const nights = [{ cron: '0 22 * * *', duration: 8 * HOUR_MS, timeZone: 'Europe/Berlin' }]
    expect(frozenUntil(nights, at('2026-07-01T19:59:00Z'))).toBeNull()
    expect(frozenUntil(nights, at('2026-07-01T20:00:00Z'))).toBe(at('2026-07-02T04:00:00Z'))
    expect(frozenUntil(nights, at('2026-12-01T20:59:00Z'))).toBeNull()
    expect(frozenUntil(nights, at('2026-12-01T21:00:00Z'))).toBe(at('2026-12-02T05:00:00Z'))
  })

  it('takes the latest end of the windows that stand', () => {
    const short = { cron: '0 10 * * *', duration: HOUR_MS, timeZone: 'UTC' }
    const long = { cron: '30 9 * * *', duration: 3 * HOUR_MS, timeZone: 'UTC' }
    for (const windows of [
      [short, long],
      [long, short],
    ]) {
      expect(frozenUntil(windows, at('2026-11-27T10:15:00Z'))).toBe(at('2026-11-27T12:30:00Z'))
    }
    expect(frozenUntil([], at('2026-11-27T10:15:00Z'))).toBeNull()
  })

  it('stands without a gap where a window begins before the last one ends', () => {
    const always = [{ cron: '*/10 * * * *', duration: 15 * 60_000, timeZone: 'UTC' }]
    fc.assert(
      fc.property(fc.integer({ min: at('2026-01-01'), max: at('2030-01-01') }), (now) => {
        const until = frozenUntil(always, now) ?? 0
        expect(until).toBeGreaterThan(now)
        expect(until).toBeLessThanOrEqual(now + 15 * 60_000)
      }),
    )
  })
})

describe('freezeMistake', () => {
  it.each([
    ['0 18 * * 5', 'UTC'],
    ['*/15 8-18 1,15 JAN-MAR MON-FRI', 'America/Sao_Paulo'],
    ['0 0 29 2 *', 'Asia/Tokyo'],
    ['0 0 L * *', 'UTC'],
  ])('finds none in %s, %s', (cron, timeZone) => {
    expect(freezeMistake({ cron, timeZone })).toBeNull()
  })

  it.each([
    ['60 18 * * 5', 'UTC', 'not a cron pattern'],
    ['0 0 18 * * 5', 'UTC', 'five parts'],
    ['0 18 * *', 'UTC', 'five parts'],
    ['? 18 * * *', 'UTC', 'five parts'],
    ['@monthly!', 'UTC', 'five parts'],
    ['2026-11-20T10:00:00', 'UTC', 'five parts'],
    ['0 0 30 2 *', 'UTC', 'never comes'],
    ['0 18 * * 5', 'Mars/Olympus', 'not a time zone'],
  ])('says what is wrong with %s, %s', (cron, timeZone, words) => {
    expect(freezeMistake({ cron, timeZone })).toContain(words)
  })

  it('has the last word on what a policy may name', () => {
    const policy = (cron: string) => `rollout: {freeze: [{cron: "${cron}", duration: 60h}]}`
    expect(parseModelConfig(policy('0 18 * * 5')).rollout.freeze).toEqual([WEEKEND])
    expect(() => parseModelConfig(policy('0 18 * * 9'))).toThrow(/not a cron pattern/)
  })

  it('finds none in whatever frozenUntil can read, and never takes long', () => {
    const part = fc.stringMatching(/^[0-9*,/#L+-]{1,6}$/)
    const cron = fc.tuple(part, part, part, part, part).map((parts) => parts.join(' '))
    fc.assert(
      fc.property(cron, (pattern) => {
        const window = { cron: pattern, timeZone: 'UTC', duration: HOUR_MS }
        if (freezeMistake(window) === null) frozenUntil([window], at('2026-11-27T10:15:00Z'))
      }),
    )
  })
})
