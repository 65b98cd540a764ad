import { describe, expect, it } from 'vitest'
import { drawRow, drawUniform, hashText } from './draw.ts'
import { RankedList } from './ranked-list.ts'
import { RecentIds } from './recent-ids.ts'

describe('drawUniform', () => {
  const draws = Array.from({ length: 20_000 }, (_, index) => drawUniform(`request-${index}`, 'salt'))

  it('draws each row equally often, also from ids that follow each other', () => {
    const counts = new Array<number>(7).fill(0)
    for (const draw of draws) {
      const row = drawRow(draw, 7)
      counts[row] = (counts[row] ?? 0) + 1
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 20_000 / 7) ** 2 / (20_000 / 7), 0)
    expect(chiSquare).toBeLessThan(22.5) // 6 degrees of freedom, 0.1 %
  })

  it('draws again the same from the same id, and another with another salt', () => {
    expect(drawUniform('request-1', 'salt')).toBe(draws[1])
    expect(drawUniform('request-1', 'pepper')).not.toBe(draws[1])
    expect(hashText('b', 'a')).not.toBe(hashText('ab', ''))
  })

  it('draws from 0 to below 1, and every draw is a row', () => {
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...draws)).toBeLessThan(1)
    expect(drawRow(1 - Number.EPSILON, 3)).toBe(2)
  })
})

describe('RecentIds', () => {
  it('knows an id again', () => {
    const ids = new RecentIds(10)
    expect([ids.add(1), ids.add(1), ids.add(2)]).toEqual([true, false, true])
  })

  it('remembers at least its capacity and forgets beyond twice of it', () => {
    const ids = new RecentIds(10)
    for (let id = 0; id < 30; id++) ids.add(id)
    expect(ids.add(20)).toBe(false)
    expect(ids.add(0)).toBe(true)
  })
})

describe('RankedList', () => {
  it('keeps the highest ranks, highest first, and of equal ones the first', () => {
    const list = new RankedList<string>(3)
    for (const [rank, item] of [
      [1, 'a'],
      [5, 'b'],
      [3, 'c'],
      [5, 'd'],
      [0, 'e'],
      [3, 'f'],
    ] as const) {
      list.offer(rank, () => item)
    }
    expect(list.items()).toEqual(['b', 'd', 'c'])
  })

  it('makes nothing that it does not keep', () => {
    const list = new RankedList<string>(0)
    list.offer(1, () => {
      throw new Error('made in vain')
    })
    expect(list.items()).toEqual([])
  })
})
