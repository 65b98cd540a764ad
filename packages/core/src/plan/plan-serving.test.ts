import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planServing } from './plan-serving.ts'

it.each([
  [{ live: null, previous: null, candidate: null, labelled: [] }, []],
  [{ live: 1, previous: null, candidate: null, labelled: [] }, [1]],
  [{ live: 10, previous: 9, candidate: 11, labelled: [] }, [9, 10, 11]],
  [{ live: 2, previous: 3, candidate: 3, labelled: [] }, [2, 3]],
  [{ live: null, previous: null, candidate: 1, labelled: [] }, [1]],
  [{ live: 9, previous: null, candidate: null, labelled: [4, 9, 2] }, [2, 4, 9]],
])('loads %j as %j', (needs, expected) => {
  expect(planServing(needs)).toEqual(expected)
})

it('names every version that is needed once, ascending, and no other', () => {
  const some = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  const number = fc.option(some)
  const allNeeds = fc.record({ live: number, previous: number, candidate: number, labelled: fc.array(some) })
  fc.assert(
    fc.property(allNeeds, (needs) => {
      const planned = planServing(needs)
      expect(new Set(planned)).toEqual(
        new Set(
          Object.values(needs)
            .flat()
            .filter((one) => one !== null),
        ),
      )
      for (const [i, one] of planned.entries()) expect(one).toBeGreaterThan(planned[i - 1] ?? 0)
    }),
  )
})
