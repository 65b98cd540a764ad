import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPredictInput } from './read-predict-input.ts'
import { predictSchema } from './schemas.ts'

const given = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const odd = fc.jsonValue({ maxDepth: 1 })
const members = fc.record(
  {
    model: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('half', 'a.b-c_9', '', '-a', 'x'.repeat(64)) },
      odd,
    ),
    version: fc.oneof(given(fc.integer()), fc.constantFrom(1, 0, 1.5, 2 ** 53, -1), odd),
    label: fc.oneof(given(fc.string()), fc.constantFrom('l'.repeat(63), 'l'.repeat(64)), odd),
    inputs: fc.oneof(fc.constant({ x: [1] }), fc.constant(JSON.parse('{"__proto__":[1]}')), odd),
    instances: fc.oneof(fc.constant([1]), fc.constant([]), odd),
    outputs: fc.oneof(given(fc.array(fc.string())), fc.constant(new Array(1_001).fill('y')), odd),
    timeoutMs: fc.oneof(given(fc.double()), fc.constantFrom(0, 600_000, 600_001), odd),
    more: odd,
  },
  { requiredKeys: [] },
)

describe('readPredictInput', () => {
  it('takes an input only where the schema takes it, and makes the same of it', () => {
    const property = fc.property(members, (value) => {
      // As it comes out of a body.
      const sent: unknown = JSON.parse(JSON.stringify(value))
      const parsed = predictSchema.safeParse(sent)
      const read = readPredictInput(sent)
      if (read !== undefined) expect(parsed).toEqual({ success: true, data: read })
    })
    fc.assert(property, { numRuns: 2_000 })
  })

  it.each([
    { model: 'half', inputs: { x: [1] } },
    { model: 'half', version: 1, instances: [1] },
    { model: 'half', label: 'live', outputs: ['y'], timeoutMs: 0.5, instances: [{ x: 1 }], more: 1 },
  ])('takes %j', (value) => {
    expect(readPredictInput(value)).toEqual(predictSchema.parse(value))
  })
})
