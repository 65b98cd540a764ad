import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { rowsOfX } from '../../test-support/fake-model.ts'
import { inputHash } from './input-hash.ts'
import { RefusedInputs } from './refused-inputs.ts'
import { RefusedInputsByDigest } from './refused-inputs-by-digest.ts'

const rows = (value: number) => rowsOfX([value, 0])

describe('RefusedInputs', () => {
  it('refuses exactly the listed input, for the time that it says', async () => {
    const clock = new TestClock()
    const refused = new RefusedInputs({ clock, forMs: 1_000 })
    expect(refused.find(rows(1))).toBeUndefined()
    refused.add(rows(1), 'crash')
    await clock.advance(400)
    expect(refused.find(rows(1))).toEqual({ kind: 'crash', forMs: 600 })
    expect(refused.find(rows(2))).toBeUndefined()
    await clock.advance(600)
    expect(refused.find(rows(1))).toBeUndefined()
    expect(refused.isEmpty).toBe(true)
  })

  it('looks at no input while nothing is refused', () => {
    const refused = new RefusedInputs({ clock: new TestClock() })
    const untouchable = new Proxy(rows(1), {
      get: () => {
        throw new Error('was looked at')
      },
    })
    expect(refused.find(untouchable)).toBeUndefined()
  })

  it('hashes no input of another size than those listed: a large one would hold up everybody', () => {
    const refused = new RefusedInputs({ clock: new TestClock() })
    expect(refused.add(rows(1), 'crash')).toBe(inputHash(rows(1)))
    const large = rowsOfX([1, 0], [1, 0])
    const untouchable = new Proxy(large, {
      get: (target, key) => {
        // Its size is read by `values`, its bytes by iterating over names and tensors.
        if (key === Symbol.iterator) throw new Error('was hashed')
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    expect(refused.find(untouchable)).toBeUndefined()
  })

  it('starts the time again when an input did it again', async () => {
    const clock = new TestClock()
    const refused = new RefusedInputs({ clock, forMs: 1_000 })
    refused.add(rows(1), 'crash')
    refused.add(rows(2), 'crash')
    await clock.advance(900)
    refused.add(rows(1), 'hang')
    await clock.advance(100)
    expect(refused.find(rows(1))).toEqual({ kind: 'hang', forMs: 900 })
    expect(refused.find(rows(2))).toBeUndefined()
  })

  it('remembers a bounded number and forgets the one listed first', () => {
    const refused = new RefusedInputs({ clock: new TestClock(), inputsMax: 2 })
    for (const value of [1, 2, 3]) refused.add(rows(value), 'crash')
    expect([1, 2, 3].map((value) => refused.find(rows(value)) !== undefined)).toEqual([false, true, true])
  })

  it('knows an input of the same bytes again after they were loaded anew, and of no others', () => {
    const lists = new RefusedInputsByDigest(new TestClock())
    lists.of('digest-1').add(rows(1), 'crash')
    expect(lists.of('digest-1').find(rows(1))).toBeDefined()
    expect(lists.of('digest-2').find(rows(1))).toBeUndefined()
  })

  it('drops only empty lists when there are too many', () => {
    const lists = new RefusedInputsByDigest(new TestClock())
    lists.of('kept').add(rows(1), 'crash')
    for (let index = 0; index < 4_000; index += 1) lists.of(`digest-${index}`)
    expect(lists.of('kept').find(rows(1))).toBeDefined()
  })
})
