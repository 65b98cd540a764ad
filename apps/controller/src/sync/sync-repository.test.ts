import { describe, expect, it } from 'vitest'
import { jittered } from './sync-repository.ts'

describe('jittered', () => {
  it('stretches the interval by up to a fifth and never shortens it', () => {
    expect(jittered(15_000, 0)).toBe(15_000)
    expect(jittered(15_000, 0.999_999)).toBeLessThanOrEqual(18_000)
    expect(jittered(15_000, 0.5)).toBe(16_500)
  })
})
