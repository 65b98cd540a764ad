import { expect, test } from 'vitest'
import { beforeCommand, firstSentence, proseParts } from './prose.ts'

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

test('a sentence is shown up to its command, which then stands by itself', () => {
  const sentence = 'iris v2 waits for your approval: `npx approve iris`, or `npx reject iris`.'
  expect(beforeCommand(sentence, 'npx approve iris')).toBe('iris v2 waits for your approval')
  expect(beforeCommand(sentence, 'npx other')).toBe(sentence)
  expect(beforeCommand('Nothing to do.', null)).toBe('Nothing to do.')
})
