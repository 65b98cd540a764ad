import { describe, expect, it } from 'vitest'
import type { Signature } from '../tensor/tensor.ts'
import { mappingMistakes } from './mapping-mistakes.ts'
import { parseModelConfig } from './parse.ts'

const signature: Signature = {
  inputs: [
    { name: 'x', dtype: 'float32', shape: ['N', 4] },
    { name: 'words', dtype: 'string', shape: ['N', 'L'] },
  ],
  outputs: [
    { name: 'scores', dtype: 'float32', shape: ['N', 3] },
    { name: 'open', dtype: 'float16', shape: ['N', 'C'] },
    { name: 'names', dtype: 'string', shape: ['N', 4] },
    { name: 'ids', dtype: 'int64', shape: ['N', 3] },
    { name: 'flags', dtype: 'bool', shape: ['N', 3] },
    { name: 'label', dtype: 'string', shape: ['N'] },
    { name: 'price', dtype: 'float64', shape: ['N'] },
    { name: 'column', dtype: 'float32', shape: ['N', 1] },
  ],
}

const mistakes = (text: string, of: Signature = signature) => mappingMistakes(of, parseModelConfig(text))

describe('mappingMistakes', () => {
  it.each([
    '',
    'signatures: {a: {method: classify, scores: scores}}',
    'signatures: {a: {method: classify, classes: names}}',
    'signatures: {a: {method: classify, scores: scores, classes: ids}}',
    'signatures: {a: {method: classify, scores: open, classes: names}}',
    'signatures: {a: {method: classify, scores: scores, features: {x: sizes, words: text}}}',
    'signatures: {a: {method: regress, value: price}, b: {method: regress, value: column}}',
    'signatures: {a: {method: regress, value: open}}',
    'outputs: {scores: {labels: [a, b, c]}, open: {labels: [a]}}',
    'outputs: {unknown: {gate: true}}',
    'rollout: {gates: {quality: {output: label}}}',
  ])('finds nothing in %j', (text) => {
    expect(mistakes(text)).toEqual([])
  })

  it.each([
    [
      'signatures: {a: {method: classify, scores: z}}',
      'signatures.a.scores: the model has no output "z"; it has scores, open, names, ids, flags, label, price, column',
    ],
    [
      'rollout: {gates: {quality: {output: lable}}}',
      'rollout.gates.quality.output: the model has no output "lable"; it has scores, open, names, ids, flags, label, price, column',
    ],
    [
      'signatures: {a: {method: classify, scores: ids}}',
      'signatures.a.scores: output "ids" is int64 [N, 3], expected a float [N, classes]',
    ],
    [
      'signatures: {a: {method: classify, scores: price}}',
      'signatures.a.scores: output "price" is float64 [N], expected a float [N, classes]',
    ],
    [
      'signatures: {a: {method: classify, classes: label}}',
      'signatures.a.classes: output "label" is string [N], expected a string or integer [N, classes]',
    ],
    [
      'signatures: {a: {method: classify, classes: flags}}',
      'signatures.a.classes: output "flags" is bool [N, 3], expected a string or integer [N, classes]',
    ],
    [
      'signatures: {a: {method: classify, scores: scores, classes: names}}',
      'signatures.a: scores and classes differ in their number of classes: scores, names',
    ],
    [
      'signatures: {a: {method: regress, value: scores}}',
      'signatures.a.value: output "scores" is float32 [N, 3], expected a float [N] or [N, 1]',
    ],
    [
      'signatures: {a: {method: regress, value: label}}',
      'signatures.a.value: output "label" is string [N], expected a float [N] or [N, 1]',
    ],
    [
      'signatures: {a: {method: regress, value: price, features: {y: y}}}',
      'signatures.a.features: the model has no input "y"; it has x, words',
    ],
    [
      'outputs: {scores: {labels: [a]}}',
      'outputs.scores.labels: 1 labels for the 3 classes of "scores" float32 [N, 3]',
    ],
    [
      'outputs: {label: {labels: [a]}}',
      'outputs.label.labels: output "label" is string [N], which has no axis of classes',
    ],
    [
      'outputs: {z: {labels: [a]}}',
      'outputs.z.labels: the model has no output "z"; it has scores, open, names, ids, flags, label, price, column',
    ],
  ])('says what is wrong with %s', (text, expected) => {
    expect(mistakes(text)).toEqual([expected])
  })

  it.each([
    [{ name: 'x', dtype: 'float32', shape: [] }, 'has no axis for examples'],
    [{ name: 'x', dtype: 'float32', shape: ['N', '', 'W'] }, 'has more than one open axis beside the first'],
  ] as const)('refuses inputs that an example cannot fill: %j', (input, why) => {
    const of = { inputs: [input], outputs: signature.outputs }
    const [mistake, ...others] = mistakes('signatures: {a: {method: regress, value: price}}', of)
    expect(mistake).toContain(why)
    expect(others).toEqual([])
    expect(mistakes('outputs: {scores: {labels: [a, b, c]}}', of)).toEqual([])
  })

  it('knows names that objects have by themselves only where they are declared', () => {
    expect(mistakes('signatures: {constructor: {method: regress, value: toString}}')).toEqual([
      expect.stringContaining('has no output "toString"'),
    ])
  })
})
