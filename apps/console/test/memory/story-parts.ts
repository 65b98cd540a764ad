import type { CommitView, VersionRef, VersionView } from '@understudy/api/views'
import { sha256Hex } from '@understudy/core'

export const digestOf = (name: string) => sha256Hex(new TextEncoder().encode(name))
export const MINUTE_MS = 60_000

/** The moment the story is told from; everything else is so long before it. */
export const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString()

export const ref = (model: string, number: number): VersionRef => ({
  number,
  digest: digestOf(`${model}@${number}`),
})

export const commitOf = (subject: string, authorName: string, at: string): CommitView => ({
  hash: digestOf(subject).slice(0, 40),
  subject,
  authorName,
  at,
})

type VersionFacts = Partial<VersionView> & { readonly commit: CommitView }

export const versionOf = (model: string, number: number, facts: VersionFacts): VersionView => ({
  ...ref(model, number),
  state: 'validated',
  standing: 'untried',
  reason: null,
  labels: [],
  sizeBytes: 4_310,
  loadMs: 21,
  memoryBytes: 12_000_000,
  incidents: null,
  batchable: true,
  rollout: null,
  nodes: [],
  ...facts,
})

export const warm = [{ node: 'serving-1', state: 'available', reason: null }] as const
