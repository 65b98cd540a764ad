import { expect, it } from 'vitest'
import { DistinctNames } from './distinct-names.ts'

it('finds a name that is there already among few and among many, and refuses more than 4,096', () => {
  const names = new DistinctNames('inputs')
  for (let index = 0; index < 4_096; index += 1) {
    expect(names.add(`n${index}`)).toBe(true)
    if (index % 100 === 0 || index < 20) expect(names.add('n0')).toBe(false)
  }
  expect(names.add('n4095')).toBe(false)
  expect(() => names.add('one more')).toThrow('there are more than 4096 inputs')
})
