import type { ModelView, VersionView } from '@understudy/api/views'
import { expect, test } from 'vitest'
import { nodesNote, versionState } from './version-state.ts'

const commit = { hash: 'c', subject: 's', authorName: 'n', at: '2026-11-22T14:00:00Z' }

const version = (number: number, over: Partial<VersionView> = {}): VersionView => ({
  number,
  digest: `${number}`,
  state: 'validated',
  standing: 'untried',
  reason: null,
  labels: [],
  commit,
  sizeBytes: 1,
  loadMs: null,
  memoryBytes: null,
  batchable: null,
  incidents: null,
  rollout: null,
  nodes: [],
  ...over,
})

const model = (over: Partial<ModelView> = {}): ModelView => ({
  name: 'iris',
  description: '',
  owners: [],
  live: { number: 2, digest: '2' },
  previous: { number: 1, digest: '1' },
  generation: 3,
  versions: [],
  rollout: null,
  drift: null,
  hold: null,
  pointer: null,
  labels: [],
  policy: [],
  policyHash: '',
  promotions: [],
  problems: [],
  why: { sentence: '', command: null },
  signature: null,
  ...over,
})

test('says of each version the one state that matters most now', () => {
  const words = (each: VersionView) => versionState(model(), each).look.word.en
  expect(words(version(2))).toBe('Live')
  expect(words(version(1, { standing: 'proven' }))).toBe('Previous')
  expect(words(version(3, { standing: 'failed' }))).toBe('Failed')
  expect(words(version(3, { state: 'rejected' }))).toBe('Rejected')
})

test('a withdrawn version is withdrawn whatever else it is', () => {
  const state = versionState(model(), version(1, { standing: 'withdrawn', reason: 'wrong answers' }))
  expect(state).toMatchObject({ role: 'withdrawn', note: 'wrong answers' })
})

test('a version in error on a node says where and why', () => {
  const nodes = [
    { node: 'a', state: 'available' as const, reason: null },
    { node: 'b', state: 'error' as const, reason: 'out of memory' },
  ]
  expect(nodesNote(version(1, { nodes }))).toBe('error on b: out of memory')
})

test('a version that loads says on how many nodes', () => {
  const warm = { node: 'a', state: 'available' as const, reason: null }
  const loading = { node: 'b', state: 'loading' as const, reason: null }
  expect(nodesNote(version(1, { nodes: [warm] }))).toBe('warm on 1 node')
  expect(nodesNote(version(1, { nodes: [warm, loading] }))).toBe('loading on 1 of 2 nodes')
  expect(nodesNote(version(1))).toBe('')
})
