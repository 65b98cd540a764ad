import { expect, test } from 'vitest'
import { count, counted, milliseconds, percent, size, times } from './numbers.ts'

test('times has one decimal below 20, none above, and a cap', () => {
  expect([1, 4.31, 19.96, 20.4, 68.2, 400, 10_000, 10_100].map((e) => times(Math.log(e)))).toEqual([
    '1×',
    '4.3×',
    '20×',
    '20×',
    '68×',
    '400×',
    '10,000×',
    '> 10,000×',
  ])
})

test('times writes an e-value below one as it is', () => {
  expect(times(Math.log(0.42))).toBe('0.4×')
})

test('counts carry their noun in the right number', () => {
  expect([counted(1, 'pair'), counted(0, 'pair'), counted(9_820, 'pair')]).toEqual([
    '1 pair',
    '0 pairs',
    '9,820 pairs',
  ])
  expect(counted(2, 'entry', 'entries')).toBe('2 entries')
  expect(count(18_432)).toBe('18,432')
})

test('percent keeps two digits at most', () => {
  expect([0.0153, 0.02, 0.0008, 1].map(percent)).toEqual(['1.53', '2', '0.08', '100'])
})

test('size keeps three figures at most', () => {
  expect([0, 999, 1_000, 4_310_000, 612_000_000].map(size)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '4.3 MB',
    '612 MB',
  ])
})

test('milliseconds turn into seconds', () => {
  expect([0.82, 21.4, 1_400].map(milliseconds)).toEqual(['0.8 ms', '21 ms', '1.4 s'])
})
