import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { apiKeyHmac, apiKeyText, deriveKeyCheckKey, newApiKey, parseApiKey } from './api-key.ts'

const ID = '00112233aabbccdd'
const SECRET = 'A'.repeat(43)

describe('API keys', () => {
  it('come apart into what they were made of', () => {
    const made = newApiKey(randomBytes)
    expect(parseApiKey(apiKeyText(made))).toEqual(made)
    expect(Buffer.from(made.secret, 'base64url')).toHaveLength(32)
  })

  it('may have every character of base64url in the secret', () => {
    const secret = `_-${'z'.repeat(40)}_`
    expect(parseApiKey(`us_${ID}_${secret}`)).toEqual({ id: ID, secret })
  })

  it.each([
    ['nothing', ''],
    ['another prefix', `sk_${ID}_${SECRET}`],
    ['a short id', `us_${ID.slice(1)}_${SECRET}`],
    ['an id in capitals', `us_${ID.toUpperCase()}_${SECRET}`],
    ['a short secret', `us_${ID}_${SECRET.slice(1)}`],
    ['a long secret', `us_${ID}_${SECRET}A`],
    ['padding', `us_${ID}_${SECRET}=`],
    ['a character of plain base64', `us_${ID}_${SECRET.slice(1)}+`],
    ['a line break behind', `us_${ID}_${SECRET}\n`],
    ['a space before', ` us_${ID}_${SECRET}`],
  ])('are none with %s', (_what, text) => {
    expect(parseApiKey(text)).toBeUndefined()
  })

  it('are told apart by a key that only the installation has', () => {
    const one = deriveKeyCheckKey('one installation')
    const other = deriveKeyCheckKey('another installation')
    expect(one).toMatch(/^[0-9a-f]{64}$/)
    expect(deriveKeyCheckKey('one installation')).toBe(one)
    expect(apiKeyHmac(one, SECRET)).not.toBe(apiKeyHmac(other, SECRET))
    expect(apiKeyHmac(one, SECRET)).not.toBe(apiKeyHmac(one, `${SECRET.slice(1)}B`))
  })

  it('keep the form in which they are stored from release to release', () => {
    expect(apiKeyHmac(deriveKeyCheckKey('secret'), SECRET)).toMatchInlineSnapshot(
      `"76950d46ca283f411cb4f622ce87257fd28e349c2c3e3c5aeb6bd66ceb792407"`,
    )
  })
})
