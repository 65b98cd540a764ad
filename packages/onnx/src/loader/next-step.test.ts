import { expect, it } from 'vitest'
import { MOVES_MAX, nextStep, type Place, type StepFacts } from './next-step.ts'

const LIVE: Place = { form: 'prepacked', placement: 'own' }
const FIRST: Place = { form: 'mapped', placement: 'own' }
const AT_REST: Place = { form: 'mapped', placement: 'parked' }
const SMALL: Place = { form: 'prepacked', placement: 'shared' }

const sound: StepFacts = {
  role: 'live',
  wanted: LIVE,
  actual: LIVE,
  firstForm: 'mapped',
  failuresInARow: 0,
  failedMoves: 0,
  isHeldBack: false,
  mayMove: true,
}
const lost = { ...sound, actual: undefined, failuresInARow: 1 }

it.each<[string, StepFacts, ReturnType<typeof nextStep>]>([
  ['nothing when it is where it should be', sound, null],
  [
    'a lost live version is mapped at once',
    lost,
    { type: 'replace', ...FIRST, afterMs: 0, isWarmedUp: false },
  ],
  [
    'a version lost again and again waits',
    { ...lost, failuresInARow: 3 },
    { type: 'replace', ...FIRST, afterMs: 200, isWarmedUp: false },
  ],
  [
    'a lost small version comes back beside others',
    { ...lost, wanted: SMALL, firstForm: 'prepacked' },
    { type: 'replace', ...SMALL, afterMs: 0, isWarmedUp: false },
  ],
  [
    'a lost version at rest comes back at rest',
    { ...lost, role: 'idle', wanted: AT_REST },
    { type: 'replace', ...AT_REST, afterMs: 0, isWarmedUp: false },
  ],
  ['a loss is made good before the warm-up, too', { ...lost, mayMove: false }, expect.any(Object)],
  [
    'a mapped live version becomes prepacked',
    { ...sound, actual: FIRST },
    { type: 'move', ...LIVE, afterMs: 0, isWarmedUp: true },
  ],
  [
    'soon after a loss it waits with that',
    { ...sound, actual: FIRST, failuresInARow: 1 },
    { type: 'move', ...LIVE, afterMs: 1_000, isWarmedUp: true },
  ],
  [
    'to its rest a version goes without runs',
    { ...sound, role: 'idle', wanted: AT_REST },
    { type: 'move', ...AT_REST, afterMs: 0, isWarmedUp: false },
  ],
  [
    'a version that does not get its priority back leaves its executor',
    { ...sound, isHeldBack: true },
    { type: 'move', ...LIVE, afterMs: 0, isWarmedUp: true },
  ],
  ['nothing moves before the warm-up', { ...sound, actual: FIRST, mayMove: false }, null],
  [
    'a failed move is tried again later',
    { ...sound, actual: FIRST, failedMoves: 2 },
    { type: 'move', ...LIVE, afterMs: 200, isWarmedUp: true },
  ],
  ['and given up in the end', { ...sound, actual: FIRST, failedMoves: MOVES_MAX }, null],
])('%s', (_name, facts, step) => {
  expect(nextStep(facts)).toEqual(step)
})
