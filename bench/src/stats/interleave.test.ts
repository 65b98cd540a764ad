import { describe, expect, it } from 'vitest'
import { interleave, ratios } from './interleave.ts'

describe('interleave', () => {
  it('measures both in turn, one after the other, each as often first', async () => {
    const order: string[] = []
    let open = 0
    const side = (name: string) => async (round: number) => {
      expect(open).toBe(0)
      open += 1
      await Promise.resolve()
      order.push(`${name}${round}`)
      open -= 1
      return order.length
    }
    const pairs = await interleave(3, { subject: side('a'), yardstick: side('b') })
    expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
    expect(pairs).toEqual([
      { subject: 1, yardstick: 2 },
      { subject: 4, yardstick: 3 },
      { subject: 5, yardstick: 6 },
    ])
  })

  it('ends with the first measurement that fails', async () => {
    let measured = 0
    const fail = async () => {
      measured += 1
      throw new Error('refused')
    }
    await expect(interleave(3, { subject: fail, yardstick: async () => 1 })).rejects.toThrow('refused')
    expect(measured).toBe(1)
  })
})

describe('ratios', () => {
  it('compares only figures of the same turn: a slow machine is slow for both', () => {
    const pairs = [
      { subject: { ms: 2 }, yardstick: { ms: 1 } },
      { subject: { ms: 20 }, yardstick: { ms: 10 } },
    ]
    expect(ratios(pairs, ({ ms }) => ms)).toEqual([2, 2])
  })
})
