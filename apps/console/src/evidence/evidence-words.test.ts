import { expect, it } from 'vitest'
import { durationWords, stepWords } from './evidence-words.ts'

it.each([
  ['shadow', 'Shadow'],
  ['canary-2.5', 'Canary 2.5 %'],
  ['bake', 'Bake'],
])('names the step %s', (step, words) => {
  expect(stepWords(step)).toBe(words)
})

it.each([
  [40, '40 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [1_500, '25 min'],
  [10_800, '3 h'],
])('says %i seconds as a person does', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words)
})
