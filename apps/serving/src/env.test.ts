import { describe, expect, it } from 'vitest'
import { readEnv } from './env.ts'

function read(variables: Readonly<Record<string, string>>) {
  return readEnv({ UNDERSTUDY_DATA_DIR: '/data', UNDERSTUDY_PLAN_FILE: '/plan.json', ...variables })
}

describe('readEnv', () => {
  it('takes the largest answer from UNDERSTUDY_MAX_RESPONSE_BYTES, and leaves it to the executors where it is unset', () => {
    expect(read({ UNDERSTUDY_MAX_RESPONSE_BYTES: '4194304' }).UNDERSTUDY_MAX_RESPONSE_BYTES).toBe(4_194_304)
    expect(read({}).UNDERSTUDY_MAX_RESPONSE_BYTES).toBeUndefined()
  })

  it.each(['0', '-1', 'much', '300000000'])(
    'refuses %s bytes as the largest answer, and names the variable',
    (value) => {
      expect(() => read({ UNDERSTUDY_MAX_RESPONSE_BYTES: value })).toThrow('UNDERSTUDY_MAX_RESPONSE_BYTES')
    },
  )

  it('lets shadows cost a hundred runs a second unless told otherwise, and refuses none at all', () => {
    expect(read({}).UNDERSTUDY_SHADOW_RUNS_PER_SECOND).toBe(100)
    const name = 'UNDERSTUDY_SHADOW_RUNS_PER_SECOND'
    expect(read({ [name]: '500' })[name]).toBe(500)
    expect(() => read({ [name]: '0' })).toThrow(name)
  })

  it('takes the key to stored inputs as 64 hex digits, and says which variable is wrong without showing it', () => {
    const key = 'ab'.repeat(32)
    expect(read({ UNDERSTUDY_INPUT_KEY: key }).UNDERSTUDY_INPUT_KEY).toBe(key)
    expect(read({}).UNDERSTUDY_INPUT_KEY).toBeUndefined()
    expect(() => read({ UNDERSTUDY_INPUT_KEY: 'not a key' })).toThrow(
      'UNDERSTUDY_INPUT_KEY: must be 64 hex digits',
    )
    expect(() => read({ UNDERSTUDY_INPUT_KEY: 'not a key' })).not.toThrow('not a key')
  })
})
