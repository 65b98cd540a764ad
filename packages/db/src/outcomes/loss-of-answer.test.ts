import type { OutcomeTruth } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lossOfAnswer } from './loss-of-answer.ts'
import { measureOf, type QualityPolicy } from './measure.ts'
import type { ModelQuality } from './quality-policies.ts'

function quality(changes: Partial<QualityPolicy> = {}, labels?: readonly string[]): ModelQuality {
  const policy: QualityPolicy = {
    ...{ margin: 0.01, optional: true, output: 'y', loss: 'zeroOne', scale: 1, ...changes },
  }
  return { policy, measure: measureOf(policy), labels }
}

const row = (dtype: string, ...values: readonly (number | string | boolean)[]) => ({
  y: { dtype, shape: values.length === 1 ? [] : [values.length], values },
  other: { dtype: 'float32', shape: [], values: [9] },
})
const label = (text: string): OutcomeTruth => ({ label: text })
const NAMES = ['setosa', 'versicolor', 'virginica']

describe('the loss of a kept answer', () => {
  it.each<[string, object, OutcomeTruth, readonly string[] | undefined, number | null]>([
    ['a text that is right', row('string', 'setosa'), label('setosa'), undefined, 0],
    ['a text that is wrong', row('string', 'setosa'), label('virginica'), undefined, 1],
    ['a class by its number', row('int64', '2'), label('2'), undefined, 0],
    ['a class by its name', row('int32', 1), label('versicolor'), NAMES, 0],
    ['a class with a name by its number', row('int32', 1), label('1'), NAMES, 0],
    ['a class with a name by another number', row('int32', 1), label('2'), NAMES, 1],
    ['a class by its number as a value', row('int32', 1), { value: 1 }, NAMES, 0],
    ['scores, the greatest of which is right', row('float32', 0.1, 0.7, 0.2), label('versicolor'), NAMES, 0],
    ['scores, another of which is right', row('float32', 0.1, 0.7, 0.2), label('setosa'), NAMES, 1],
    ['scores of a class that the model does not know', row('float32', 0.1, 0.9), label('new'), NAMES, 1],
    ['scores without an order', row('float32', 'NaN', 0.7), label('setosa'), NAMES, null],
    ['a truth, right', row('bool', true), label('true'), undefined, 0],
    ['a truth, wrong', row('bool', true), label('false'), undefined, 1],
    ['a truth by its number', row('bool', false), label('0'), undefined, 0],
    ['a class of two by a truth', row('uint8', 1), label('true'), undefined, 0],
    ['a class of two with names by a truth', row('uint8', 1), label('false'), ['no', 'yes'], 1],
    [
      'a long number with all its digits',
      row('int64', '9007199254740993'),
      label('9007199254740993'),
      undefined,
      0,
    ],
    ['a text by a number', row('string', 'setosa'), { value: 1 }, undefined, null],
  ])('judges %s', (_what, answer, truth, labels, loss) => {
    expect(lossOfAnswer(answer, truth, quality({}, labels))).toBe(loss)
  })

  it('of a number is its distance over the scale, and never more than 1', () => {
    const by = quality({ loss: 'absolute', scale: 10 })
    expect(lossOfAnswer(row('float32', 12), { value: 14 }, by)).toBeCloseTo(0.2, 12)
    expect(lossOfAnswer(row('float16', 12), { value: 1e300 }, by)).toBe(1)
    expect(lossOfAnswer(row('float64', 'NaN'), { value: 3 }, by)).toBe(1)
    expect(lossOfAnswer(row('int64', '12'), { value: 12 }, by)).toBe(0)
    expect(lossOfAnswer(row('float32', 12), label('twelve'), by)).toBeNull()
    expect(lossOfAnswer(row('float32', 1, 2), { value: 2 }, by)).toBeNull()
  })

  it('is not known of an answer without the output, whatever else is stored', () => {
    for (const answer of [
      null,
      'y',
      [],
      {},
      { y: null },
      { y: { dtype: 'int8', shape: [], values: ['x'] } },
    ]) {
      expect(lossOfAnswer(answer, label('1'), quality())).toBeNull()
    }
    expect(lossOfAnswer(row('string', 'a'), label('a'), quality({ output: 'toString' }))).toBeNull()
  })

  it('is from 0 to 1 or not known, whatever a model answered and somebody reported', () => {
    const dtype = fc.constantFrom('string', 'bool', 'float32', 'float16', 'int64', 'uint64', 'uint8', 'odd')
    const value = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.integer(), fc.constant('NaN'))
    const stored = fc.oneof(
      fc.jsonValue(),
      fc.record({
        y: fc.record({ dtype, shape: fc.array(fc.nat(3)), values: fc.array(value, { maxLength: 5 }) }),
      }),
    )
    const truth = fc.oneof(
      fc.record({ label: fc.oneof(fc.string(), fc.constantFrom('true', 'false', '0', '1', 'setosa')) }),
      fc.record({ value: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    )
    const policy = fc.record({
      loss: fc.constantFrom('zeroOne' as const, 'absolute' as const),
      scale: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    })
    fc.assert(
      fc.property(stored, truth, policy, fc.boolean(), (answer, said, changes, hasNames) => {
        const loss = lossOfAnswer(answer, said, quality(changes, hasNames ? NAMES : undefined))
        if (loss !== null) expect(loss >= 0 && loss <= 1).toBe(true)
      }),
    )
  })
})

describe('measureOf', () => {
  it('names what decides a loss, and not how much of it is acceptable', () => {
    const { policy, measure } = quality({ loss: 'absolute', scale: 10 })
    expect(measureOf({ ...policy, margin: 0.5, optional: false })).toBe(measure)
    for (const change of [{ output: 'z' }, { loss: 'zeroOne' as const }, { scale: 11 }]) {
      expect(measureOf({ ...policy, ...change })).not.toBe(measure)
    }
    expect(measureOf({ ...policy, loss: 'zeroOne', scale: 3 })).toBe(
      measureOf({ ...policy, loss: 'zeroOne', scale: 4 }),
    )
  })
})
