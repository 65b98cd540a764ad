import { isPlatformError } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readOutcomesBody } from './outcomes-schemas.ts'

const OUTCOME = { model: 'iris', requestId: 'r-1', label: 'setosa' }

describe('readOutcomesBody', () => {
  it('reads one outcome or many; a row that is left out is the first', () => {
    expect(readOutcomesBody(OUTCOME)).toEqual({
      isList: false,
      outcomes: [{ model: 'iris', requestId: 'r-1', row: 0, truth: { label: 'setosa' } }],
    })
    const many = readOutcomesBody({ outcomes: [{ model: 'm', requestId: 'r', row: 3, value: -0.5 }] })
    expect(many).toEqual({
      isList: true,
      outcomes: [{ model: 'm', requestId: 'r', row: 3, truth: { value: -0.5 } }],
    })
  })

  it.each([
    [7, '7'],
    [true, 'true'],
    ['9007199254740993', '9007199254740993'],
    ['日本', '日本'],
    ['𝒳', '𝒳'],
  ])('keeps the label %j as text', (label, text) => {
    expect(readOutcomesBody({ ...OUTCOME, label }).outcomes[0]?.truth).toEqual({ label: text })
  })

  it('makes storable outcomes of whatever comes, or refuses it as malformed', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('iris', '\0', '\udc00'))
    const truth = fc.oneof(text, fc.double(), fc.boolean(), fc.integer(), fc.anything())
    const outcome = fc.record(
      { model: text, requestId: text, row: fc.oneof(fc.integer(), fc.double()), label: truth, value: truth },
      { requiredKeys: [] },
    )
    const body = fc.oneof(outcome, fc.record({ outcomes: fc.array(outcome) }), fc.anything())
    fc.assert(
      fc.property(body, (sent) => {
        try {
          for (const { requestId, row, truth: said } of readOutcomesBody(sent).outcomes) {
            const told = 'label' in said ? said.label : requestId
            expect(/[\0\p{Surrogate}]/u.test(told + requestId)).toBe(false)
            expect(told.length > 0 && told.length <= 200).toBe(true)
            expect(Number.isInteger(row) && row >= 0 && row < 2 ** 31).toBe(true)
            if ('value' in said) expect(Number.isFinite(said.value)).toBe(true)
          }
        } catch (error) {
          if (!isPlatformError(error)) throw error
          expect(error.code).toBe('request.malformed')
        }
      }),
      { numRuns: 200 },
    )
  })
})
