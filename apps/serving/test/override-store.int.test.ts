import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { deriveOverrideKey, type OverrideDocument, signOverride } from '@understudy/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { OverrideStore } from '../src/override/override-store.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-overrides-'))
  file = path.join(folder, 'overrides.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const refuse = {
  error: () => {
    throw new Error('the file cannot be read')
  },
}

function override(id: number, changes: Partial<OverrideDocument> = {}) {
  return signOverride(deriveOverrideKey('x'), {
    ...{ id: `0b9f0f3e-6f0b-4c46-9d0e-${String(id).padStart(12, '0')}`, model: 'iris', generation: 7 },
    ...{ from: 3, to: 2, reason: 'it flips', actor: 'local:ada', issuedAtMs: 0, ...changes },
  })
}

it('finds after a restart every override that was kept, and counts it at its generation only', async () => {
  const store = await OverrideStore.open(file, refuse)
  const changed: string[] = []
  store.onChange((model) => changed.push(model))
  await store.add(override(1), 5)
  await store.add(override(2, { model: 'wine' }), 6)
  expect(changed).toEqual(['iris', 'wine'])
  const again = await OverrideStore.open(file, refuse)
  expect(again.of('iris', 7)).toEqual({ id: override(1).document.id, live: 2 })
  expect([again.of('iris', 8), again.of('iris', 6), again.of('other', 7)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(again.unreported()).toHaveLength(2)
  expect(await readdir(folder)).toEqual(['overrides.json'])
})

it('forgets what was reported once a newer one counts, and nothing that was not', async () => {
  const store = await OverrideStore.open(file, refuse)
  await Promise.all([store.add(override(1), 1), store.add(override(2, { generation: 8 }), 2)])
  expect(store.unreported()).toHaveLength(2)
  expect(store.of('iris', 7)).toBeUndefined()
  expect(store.of('iris', 8)).toMatchObject({ id: override(2).document.id })
  await store.reported([override(1).document.id, override(2).document.id])
  expect(store.unreported()).toEqual([])
  const again = await OverrideStore.open(file, refuse)
  expect(again.of('iris', 8)).toMatchObject({ id: override(2).document.id })
  expect(await readFile(file, 'utf8')).not.toContain(override(1).document.id)
})

it.each(['', '{', '{}', '[{}]', '[null]', '[{"signed":{},"acceptedAtMs":1,"reported":true}]'])(
  'starts without a file that holds %s, tells of it, and keeps it aside',
  async (text) => {
    await writeFile(file, text)
    const told: unknown[] = []
    const store = await OverrideStore.open(file, { error: (facts: unknown) => told.push(facts) })
    expect(told).toHaveLength(1)
    expect(store.unreported()).toEqual([])
    expect(await readFile(`${file}.damaged`, 'utf8')).toBe(text)
    await store.add(override(1), 1)
    expect((await OverrideStore.open(file, refuse)).unreported()).toHaveLength(1)
  },
)

it('an override that cannot be written does not count', async () => {
  const store = await OverrideStore.open(path.join(folder, 'gone', 'overrides.json'), refuse)
  await expect(store.add(override(1), 1)).rejects.toThrow('ENOENT')
  expect(store.of('iris', 7)).toBeUndefined()
})
