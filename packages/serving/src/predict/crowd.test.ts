import { describe, expect, it } from 'vitest'
import { Crowd } from './crowd.ts'

function crowdOf(...returned: readonly (readonly [open: number, runMs: number])[]): Crowd {
  const crowd = new Crowd()
  for (const [open, runMs] of returned) crowd.returned({ open, requests: 16, runMs })
  return crowd
}

describe('Crowd', () => {
  it('is halved where the model is quicker than the answers', () => {
    const crowd = crowdOf([32, 0.05])
    expect([15, 16, 32].map((waiting) => crowd.isHalf(waiting))).toEqual([false, true, true])
    expect([0, 15, 16].map((waiting) => crowd.isGrowing(waiting))).toEqual([true, true, false])
  })

  it.each([
    ['nothing has returned yet', crowdOf()],
    ['the model is the slower one', crowdOf([32, 5])],
    ['there are few', crowdOf([7, 0])],
  ])('is left alone where %s', (_why, crowd) => {
    for (const waiting of [0, 3, 16, 32]) {
      expect([crowd.isHalf(waiting), crowd.isGrowing(waiting)]).toEqual([false, false])
    }
  })

  it('grows at once and is forgotten slowly', () => {
    const crowd = crowdOf([10, 0], [100, 0], [20, 0])
    expect(crowd.isHalf(46)).toBe(false)
    for (let batch = 0; batch < 30; batch += 1) crowd.returned({ open: 20, requests: 10, runMs: 0 })
    expect([crowd.isHalf(9), crowd.isHalf(10)]).toEqual([false, true])
  })
})
