import { describe, expect, it } from 'vitest'
import { parseBenchArgs } from './bench-args.ts'

describe('parseBenchArgs', () => {
  it('measures everything unless told', () => {
    expect(parseBenchArgs([])).toEqual({ only: [], rounds: 5, project: undefined, profile: undefined })
  })

  it('takes a part, with more rounds', () => {
    expect(parseBenchArgs(['--only', '1, 9b', '--rounds', '20'])).toMatchObject({
      only: ['1', '9b'],
      rounds: 20,
    })
  })

  it.each([
    [['--only', '1,99'], 'There is no figure "99"'],
    [['--rounds', '0'], '--rounds is "0"'],
    [['--rounds', 'many'], '--rounds is "many"'],
    [['--fast'], '--fast'],
  ])('refuses %j in a sentence', (args, message) => {
    expect(() => parseBenchArgs(args)).toThrow(message)
  })
})
