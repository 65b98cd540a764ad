import { describe, expect, it } from 'vitest'
import { parseGolden } from './read-golden.ts'

const GOOD = '{"request":{"inputs":{"x":[[1]]}},"response":{"outputs":{"y":[1]}}}'
const parse = (text: string) => parseGolden('golden/a.json', Buffer.from(text))

describe('parseGolden', () => {
  it('takes a request and its answer by name', () => {
    expect(parse(GOOD)).toEqual({ path: 'golden/a.json', content: GOOD })
  })

  it.each([
    ['what is no JSON', '{"request":', /golden\/a\.json: not JSON/],
    ['a missing answer', '{"request":{"inputs":{}}}', /response/],
    ['an unknown key', GOOD.replace('{"request"', '{"requests":1,"request"'), /requests/],
    ['inputs that are a list', GOOD.replace('{"x":[[1]]}', '[1]'), /request\.inputs/],
    ['deep nesting', `${'['.repeat(100_000)}`, /nested deeper than 16/],
    ['a negative tolerance', GOOD.replace(/}$/, ',"tolerance":{"atol":-1}}'), /tolerance\.atol/],
  ])('refuses %s', (_, text, message) => {
    expect(parse(text)).toMatchObject({
      code: 'gitops.golden_invalid',
      message: expect.stringMatching(message),
    })
  })

  it('refuses what is no UTF-8 or above 8 MiB', () => {
    expect(parseGolden('g.json', Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      code: 'gitops.golden_invalid',
    })
    expect(parseGolden('g.json', Buffer.alloc(9 << 20, 0x20))).toMatchObject({
      code: 'gitops.golden_invalid',
    })
  })

  it('counts no brackets inside of strings', () => {
    const text = GOOD.replace('"x":', `"${'['.repeat(50)}\\"${'{'.repeat(50)}":`)
    expect(parse(text)).toHaveProperty('content')
  })
})
