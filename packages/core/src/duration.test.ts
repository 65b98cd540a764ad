import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDurationMs } from './duration.ts'

describe('parseDurationMs', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['6h', 21_600_000],
    ['7d', 604_800_000],
  ])('reads %s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  it.each(['', '5', 's', '-1s', '1.5h', '1 s', '1S', '1w', '1h30m', ' 1s', '1s\n', '1234567890s'])(
    'refuses %j',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined()
    },
  )

  it('gives a whole number of milliseconds or nothing, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Number.isSafeInteger(parseDurationMs(text) ?? 0)).toBe(true)
      }),
    )
  })
})
