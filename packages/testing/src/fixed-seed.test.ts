import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runSeed } from './seed.ts'

it('property tests of a run begin with its seed, which is that of UNDERSTUDY_SEED where it is set', () => {
  const said = process.env.UNDERSTUDY_SEED
  if (said !== undefined) expect(runSeed()).toBe(Number(said))
  expect(fc.readConfigureGlobal()?.seed).toBe(runSeed())
  const firstOf = () => fc.sample(fc.integer(), { numRuns: 3, seed: runSeed() })
  const tried: number[] = []
  fc.assert(
    fc.property(fc.integer(), (value) => {
      tried.push(value)
    }),
    { numRuns: 3 },
  )
  expect(tried).toEqual(firstOf())
})
