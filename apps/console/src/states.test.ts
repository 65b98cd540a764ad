import {
  ABORT_REASONS,
  DRIFT_REASONS,
  NODE_STATES,
  PAUSE_REASONS,
  ROLLOUT_KINDS,
  ROLLOUT_STATES,
  ROLLOUT_STEPS,
  SERVABLE_STATES,
  STANDINGS,
  SYSTEM_LABELS,
  VERDICTS,
  VERSION_STATES,
} from '@understudy/core'
import { describe, expect, test } from 'vitest'
import {
  ABORT_WORDS,
  DRIFT_LOOKS,
  KIND_WORDS,
  LABEL_LOOKS,
  LANGUAGES,
  type Look,
  NODE_LOOKS,
  PAUSE_LOOKS,
  ROLLOUT_LOOKS,
  rolloutLook,
  rolloutWords,
  SERVABLE_LOOKS,
  STANDING_LOOKS,
  STEP_WORDS,
  VERDICT_LOOKS,
  VERSION_LOOKS,
  type Words,
} from './states.tsx'

const LOOKS: [string, readonly string[], Readonly<Record<string, Look>>][] = [
  ['version', VERSION_STATES, VERSION_LOOKS],
  ['standing', STANDINGS, STANDING_LOOKS],
  ['label', SYSTEM_LABELS, LABEL_LOOKS],
  ['rollout', ROLLOUT_STATES, ROLLOUT_LOOKS],
  ['pause', PAUSE_REASONS, PAUSE_LOOKS],
  ['verdict', [...VERDICTS, 'collecting', 'towardFail', 'noPairs'], VERDICT_LOOKS],
  ['drift', [...DRIFT_REASONS, 'inSync'], DRIFT_LOOKS],
  ['node', NODE_STATES, NODE_LOOKS],
  ['servable', SERVABLE_STATES, SERVABLE_LOOKS],
]

const WORDS: [string, readonly string[], Readonly<Record<string, Words>>][] = [
  ['step', ROLLOUT_STEPS, STEP_WORDS],
  ['abort', ABORT_REASONS, ABORT_WORDS],
  ['kind', [...ROLLOUT_KINDS, 'promoteNow', 'rollback'], KIND_WORDS],
]

describe.each(LOOKS)('the table of %s states', (_name, states, looks) => {
  test('has every state of the domain and no other', () => {
    expect(Object.keys(looks).sort()).toEqual([...states].sort())
  })

  test('gives each an icon and a word in every language', () => {
    for (const state of states) {
      expect(looks[state]?.icon).toBeTruthy()
      for (const language of LANGUAGES) expect(looks[state]?.word[language]).toMatch(/\S/)
    }
  })

  test('never shows two states alike', () => {
    const shown = states.map((state) => looks[state]?.word.en)
    expect(new Set(shown).size).toBe(states.length)
  })
})

test.each(WORDS)('the words of each %s are there, in every language', (_name, states, words) => {
  expect(Object.keys(words).sort()).toEqual([...states].sort())
  for (const state of states) {
    for (const language of LANGUAGES) expect(words[state]?.[language]).toMatch(/\S/)
  }
})

test('a pause is shown by its reason and a promotion by its step', () => {
  const paused = { state: 'paused', step: 'approval', pauseReason: 'approval' } as const
  expect(rolloutLook(paused).word.en).toBe('Needs approval')
  const promoting = { state: 'progressing', step: 'promoting', pauseReason: null } as const
  expect(rolloutLook(promoting).word.en).toBe('Promoting')
})

test('progressing is never said without its step', () => {
  expect(rolloutWords({ state: 'progressing', step: 'shadow', pauseReason: null })).toBe(
    'Progressing, shadow',
  )
  expect(rolloutWords({ state: 'progressing', step: 'promoting', pauseReason: null })).toBe('Promoting')
  expect(rolloutWords({ state: 'failed', step: 'shadow', pauseReason: null })).toBe('Failed')
})
