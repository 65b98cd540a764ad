import { expect, test } from 'vitest'
import { firstSentence, proseParts } from './prose.ts'

test('code in a sentence is told from its words', () => {
  expect(proseParts('Drive traffic: `npx a --b`, then look.')).toEqual([
    { text: 'Drive traffic: ', code: false },
    { text: 'npx a --b', code: true },
    { text: ', then look.', code: false },
  ])
})

test('an unpaired backtick stays text', () => {
  expect(proseParts('a ` b')).toEqual([{ text: 'a ` b', code: false }])
})

test('the first sentence ends at a stop before a space, not in a number or in code', () => {
  expect(firstSentence('No data: 0 of 500 pairs. Drive traffic: `x. y`')).toEqual([
    'No data: 0 of 500 pairs',
    'Drive traffic: `x. y`',
  ])
  expect(firstSentence('Inconclusive: 6.1 % lost (limit 5 %). You decide.')).toEqual([
    'Inconclusive: 6.1 % lost (limit 5 %)',
    'You decide.',
  ])
  expect(firstSentence('Run `a. b` now. Then c.')).toEqual(['Run `a. b` now', 'Then c.'])
  expect(firstSentence('One sentence.')).toEqual(['One sentence', ''])
})
