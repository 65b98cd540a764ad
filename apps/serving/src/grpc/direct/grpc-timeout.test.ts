import { describe, expect, it } from 'vitest'
import { readGrpcTimeout } from './grpc-timeout.ts'

describe('the timeout of a call', () => {
  it.each([
    [undefined, Number.POSITIVE_INFINITY],
    ['2H', 7_200_000],
    ['3M', 180_000],
    ['5S', 5_000],
    ['250m', 250],
    ['1500u', 1.5],
    ['0m', 0],
    // 24.8 days, what a timer reaches, and the next that is more.
    ['2147483S', 2_147_483_000],
    ['2147484S', Number.POSITIVE_INFINITY],
    ['99999999H', Number.POSITIVE_INFINITY],
  ])('%s is %s ms', (header, expected) => {
    expect(readGrpcTimeout(header)).toBe(expected)
  })

  it.each([['soon'], ['-1S'], ['1.5S'], ['123456789m'], ['5'], ['S'], ['5s'], [''], [['1S', '2S']]])(
    '%j is none',
    (header) => {
      expect(readGrpcTimeout(header)).toBeUndefined()
    },
  )
})
