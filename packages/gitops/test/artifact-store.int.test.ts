import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { ArtifactRef } from '@understudy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ArtifactStore, sweepTemporaries } from '../src/artifacts/index.ts'

let folder: string
let store: ArtifactStore

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-artifacts-'))
  store = new ArtifactStore(path.join(folder, 'store'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

async function put(text: string, name = 'model.onnx'): Promise<ArtifactRef> {
  return { path: name, ...(await store.put(Readable.from([Buffer.from(text)]), 1_000_000)) }
}

/** Overwrites an object behind the store's back. */
async function corrupt(ref: ArtifactRef, text: string): Promise<void> {
  await chmod(store.path(ref.sha256), 0o644)
  await writeFile(store.path(ref.sha256), text)
}

const mode = async (file: string) => (await stat(file)).mode & 0o777

describe('ArtifactStore', () => {
  it('names a file by its content and keeps it read-only, readable by every uid', async () => {
    const ref = await put('bytes')
    expect(ref).toMatchObject({ sha256: sha256('bytes'), sizeBytes: 5 })
    const file = path.join(folder, 'store/sha256', ref.sha256.slice(0, 2), ref.sha256)
    expect(store.path(ref.sha256)).toBe(file)
    expect(await mode(file)).toBe(0o444)
    expect(await mode(path.dirname(file))).toBe(0o755)
    expect(await store.has(ref.sha256)).toBe(true)
    expect(await store.has(sha256('other'))).toBe(false)
    const chunks: Uint8Array[] = []
    for await (const chunk of store.open(ref.sha256)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('bytes')
  })

  it('makes one object of the same bytes put at the same time', async () => {
    const refs = await Promise.all(Array.from({ length: 20 }, () => put('same')))
    expect(new Set(refs.map((ref) => ref.sha256))).toEqual(new Set([sha256('same')]))
    expect(await readdir(path.join(folder, 'store/tmp'))).toEqual([])
    await store.verify(refs[0] ?? { sha256: '', sizeBytes: 0 })
  })

  it('leaves nothing behind when the stream breaks or is too long', async () => {
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('connection lost')
    }
    await expect(store.put(broken(), 100)).rejects.toThrow('connection lost')
    await expect(store.put(Readable.from([Buffer.alloc(60), Buffer.alloc(60)]), 100)).rejects.toMatchObject({
      code: 'gitops.file_too_large',
    })
    expect(await readdir(path.join(folder, 'store'))).toEqual(['tmp'])
    expect(await readdir(path.join(folder, 'store/tmp'))).toEqual([])
  })

  it('deletes a corrupt object, says so, and heals with the next put', async () => {
    const ref = await put('bytes')
    await corrupt(ref, 'BYTES')
    await expect(store.verify(ref)).rejects.toMatchObject({ code: 'gitops.digest_mismatch' })
    expect(await store.has(ref.sha256)).toBe(false)
    await expect(store.verify(ref)).rejects.toThrow(/is missing/)
    await put('bytes')
    await store.verify(ref)
  })

  it('gives no reader other bytes for the right ones', async () => {
    const ref = await put('bytes')
    await corrupt(ref, 'BYTES')
    const read = async () => {
      for await (const chunk of store.open(ref.sha256)) expect(chunk.length).toBe(5)
    }
    await expect(read()).rejects.toMatchObject({ code: 'gitops.digest_mismatch' })
    await expect(read()).rejects.toThrow(/cannot be read/)
  })

  it('sweeps what crashed processes left, and not what a living one writes', async () => {
    const temporaries = path.join(folder, 'store/tmp')
    await mkdir(path.join(temporaries, '.tmp-directory/x'), { recursive: true })
    await writeFile(path.join(temporaries, '.tmp-old'), 'x')
    await writeFile(path.join(temporaries, '.tmp-new'), 'x')
    const now = Date.now()
    const old = new Date(now - 7_200_000)
    await utimes(path.join(temporaries, '.tmp-old'), old, old)
    await utimes(path.join(temporaries, '.tmp-directory'), old, old)
    expect(await store.sweep(now)).toBe(2)
    expect(await readdir(temporaries)).toEqual(['.tmp-new'])
    expect(await sweepTemporaries(path.join(folder, 'nowhere'), { now, olderThanMs: 0 })).toBe(0)
  })

  it('refuses a name that is no hash', () => {
    expect(() => store.path('../../etc/passwd')).toThrow(/not a sha256/)
  })
})

describe('materialize', () => {
  const target = () => path.join(folder, 'versions', 'iris-1')

  it('builds a directory of read-only links, and does nothing the second time', async () => {
    const files = [await put('graph'), await put('weights', 'data/w.bin')]
    await store.materialize(files, target())
    const before = await stat(target())
    await store.materialize(files, target())
    expect((await stat(target())).ino).toBe(before.ino)
    expect(await readFile(path.join(target(), 'data/w.bin'), 'utf8')).toBe('weights')
    expect(await mode(path.join(target(), 'model.onnx'))).toBe(0o444)
    expect(await mode(path.join(target(), 'data'))).toBe(0o755)
    expect((await stat(path.join(target(), 'model.onnx'))).ino).toBe(
      (await stat(store.path(files[0]?.sha256 ?? ''))).ino,
    )
    expect(await readdir(path.join(folder, 'versions'))).toEqual(['iris-1'])
  })

  it('repairs a directory that misses, adds or shortens a file', async () => {
    const files = [await put('graph'), await put('weights', 'w.bin')]
    await mkdir(target(), { recursive: true })
    await writeFile(path.join(target(), 'model.onnx'), 'gra')
    await writeFile(path.join(target(), 'extra'), 'x')
    await store.materialize(files, target())
    expect((await readdir(target())).sort()).toEqual(['model.onnx', 'w.bin'])
    expect(await readFile(path.join(target(), 'model.onnx'), 'utf8')).toBe('graph')
  })

  it('makes no directory out of a corrupt or missing object', async () => {
    const good = await put('graph')
    const bad = await put('weights', 'w.bin')
    await corrupt(bad, 'WEIGHTS')
    await expect(store.materialize([good, bad], target())).rejects.toMatchObject({
      code: 'gitops.digest_mismatch',
    })
    expect(await readdir(path.join(folder, 'versions'))).toEqual([])
    await put('weights', 'w.bin')
    await store.materialize([good, bad], target())
  })

  it('refuses a path that leaves the directory', async () => {
    const ref = await put('x')
    for (const name of ['../x', '/etc/x', 'a/../../x', 'a\\b', '']) {
      await expect(store.materialize([{ ...ref, path: name }], target())).rejects.toMatchObject({
        code: 'gitops.path_refused',
      })
    }
  })

  it('gives one whole directory to many who build it at the same time', async () => {
    const files = [await put('graph'), await put('weights', 'w.bin')]
    await Promise.all(Array.from({ length: 8 }, () => store.materialize(files, target())))
    expect((await readdir(target())).sort()).toEqual(['model.onnx', 'w.bin'])
    expect(await readdir(path.join(folder, 'versions'))).toEqual(['iris-1'])
  })
})
