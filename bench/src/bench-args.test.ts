import { describe, expect, it } from 'vitest'
import { parseBenchArgs } from './bench-args.ts'
import { TARGETS } from './report/target.ts'

describe('parseBenchArgs', () => {
  it('measures everything unless told', () => {
    const ids = TARGETS.map(({ id }) => id)
    expect(parseBenchArgs([])).toEqual({ ids, rounds: 5, project: undefined, profile: undefined })
  })

  it('takes a part, with more rounds', () => {
    expect(parseBenchArgs(['--only', '9b, 1', '--rounds', '20'])).toMatchObject({
      ids: ['1', '9b'],
      rounds: 20,
    })
  })

  it.each([
    ['13', ['13', '13b']],
    ['13b', ['13b']],
    ['1', ['1']],
    ['7,7b', ['7', '7b']],
  ])('takes %s as the figures of that number', (only, ids) => {
    expect(parseBenchArgs(['--only', only]).ids).toEqual(ids)
  })

  it.each([
    [['--only', '1,99'], 'There is no figure "99"'],
    [['--only', 'b'], 'There is no figure "b"'],
    [['--rounds', '0'], '--rounds is "0"'],
    [['--rounds', 'many'], '--rounds is "many"'],
    [['--fast'], '--fast'],
  ])('refuses %j in a sentence', (args, message) => {
    expect(() => parseBenchArgs(args)).toThrow(message)
  })
})
