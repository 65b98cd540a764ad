import { describe, expect, it } from 'vitest'
import { decideFirstForm, decideForm, type FormFacts, MAP_FROM_BYTES } from './decide-form.ts'
import { decidePlacement, type PlacementFacts } from './decide-placement.ts'
import { estimateMemory, memoryLimitBytes, PROCESS_BYTES } from './estimate-memory.ts'
import { restartDelayMs } from './restart-delay.ts'

const MIB = 1024 * 1024

const small: PlacementFacts = {
  role: 'live',
  form: 'prepacked',
  weightsBytes: 100_000,
  measured: { loadMs: 2 },
  intraOpThreads: 1,
  runMs: undefined,
  incidents: 0,
}
const large: PlacementFacts = { ...small, weightsBytes: 250 * MIB, measured: { loadMs: 900 } }

it.each<[string, PlacementFacts, string]>([
  ['a small live version', small, 'shared'],
  ['a small version at rest', { ...small, role: 'idle' }, 'shared'],
  ['a small version in a rollout', { ...small, role: 'rollout' }, 'own'],
  ['a small version in canary', { ...small, role: 'canary' }, 'own'],
  ['a small version that was never measured', { ...small, measured: null }, 'own'],
  ['a version of many bytes', { ...small, weightsBytes: 5 * MIB }, 'own'],
  ['a small version that is slow to load', { ...small, measured: { loadMs: 6 } }, 'own'],
  ['a small version that is slow to run', { ...small, runMs: 11 }, 'own'],
  ['a small version that is quick to run', { ...small, runMs: 9 }, 'shared'],
  ['a version that wants threads', { ...small, intraOpThreads: 2 }, 'own'],
  ['a small version that ended an executor', { ...small, incidents: 1 }, 'own'],
  ['a large live version', large, 'own'],
  ['a large version at rest, mapped', { ...large, role: 'idle', form: 'mapped' }, 'parked'],
  ['a large version at rest that cannot be mapped', { ...large, role: 'idle' }, 'own'],
  [
    'a large version at rest that ended an executor',
    { ...large, role: 'idle', form: 'mapped', incidents: 1 },
    'own',
  ],
])('%s is held: %#', (_name, facts, placement) => {
  expect(decidePlacement(facts)).toBe(placement)
})

const batched: FormFacts = { role: 'live', batchable: true, weightsBytes: 250 * MIB, mappable: true }

it.each<[string, FormFacts, string]>([
  ['batched and live', batched, 'prepacked'],
  ['live, one row at a time', { ...batched, batchable: false }, 'mapped'],
  ['in a rollout', { ...batched, role: 'rollout' }, 'mapped'],
  ['in canary', { ...batched, role: 'canary' }, 'prepacked'],
  ['at rest', { ...batched, role: 'idle' }, 'mapped'],
  ['at rest, but not mappable', { ...batched, role: 'idle', mappable: false }, 'prepacked'],
  ['at rest, but small', { ...batched, role: 'idle', weightsBytes: MAP_FROM_BYTES - 1 }, 'prepacked'],
])('a version %s is held in its form', (_name, facts, form) => {
  expect(decideForm(facts)).toBe(form)
})

it('loads mapped first whatever the role, where that can be', () => {
  expect(decideFirstForm(batched)).toBe('mapped')
  expect(decideFirstForm({ ...batched, mappable: false })).toBe('prepacked')
})

describe('estimated memory', () => {
  const weightsBytes = 250 * MIB
  const measured = { memoryBytes: 500 * MIB }

  it('counts a process only for a version that has one', () => {
    const own = estimateMemory({ weightsBytes, measured, form: 'mapped', placement: 'own' })
    const parked = estimateMemory({ weightsBytes, measured, form: 'mapped', placement: 'parked' })
    expect(own.anonymousBytes - parked.anonymousBytes).toBe(PROCESS_BYTES)
  })

  it('counts mapped weights apart, since the system can take them back', () => {
    const mapped = estimateMemory({ weightsBytes, measured, form: 'mapped', placement: 'own' })
    const prepacked = estimateMemory({ weightsBytes, measured, form: 'prepacked', placement: 'own' })
    expect(mapped.mappedBytes).toBe(weightsBytes)
    expect(prepacked.mappedBytes).toBe(0)
    expect(prepacked.anonymousBytes - mapped.anonymousBytes).toBeGreaterThanOrEqual(weightsBytes)
  })

  it('lets a thousand small versions be little', () => {
    const facts = { weightsBytes: 20_000, measured: { memoryBytes: 100 * MIB }, form: 'prepacked' } as const
    const each = estimateMemory({ ...facts, placement: 'shared' }).anonymousBytes
    expect(1_000 * each).toBeLessThan(600 * MIB)
  })

  it('expects more of a version that was never measured', () => {
    const facts = { weightsBytes, form: 'mapped', placement: 'own' } as const
    const unknown = estimateMemory({ ...facts, measured: null }).anonymousBytes
    expect(unknown).toBeGreaterThan(
      estimateMemory({ ...facts, measured: { memoryBytes: 360 * MIB } }).anonymousBytes,
    )
  })

  it('bounds an executor at one and a half times what is reserved, in steps, never below the floor', () => {
    expect([0, 100, 400, 1_000].map((mib) => memoryLimitBytes(mib * MIB) / MIB)).toEqual([
      512, 512, 640, 1_536,
    ])
  })

  it('leaves every further model of a shared executor the address space of its arena', () => {
    const small = MIB / 2
    expect([1, 404, 1_000].map((models) => memoryLimitBytes(models * small, models) / MIB)).toEqual([
      512, 1_344, 2_752,
    ])
  })
})

it('delays restarts at once first, then twice as long each time, never more than half a minute', () => {
  expect([1, 2, 3, 4, 11, 1_000].map(restartDelayMs)).toEqual([0, 100, 200, 400, 30_000, 30_000])
})
