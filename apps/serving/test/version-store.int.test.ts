import { chmod, lstat, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { StoredVersion } from '../src/versions/version-store.ts'
import { StoreRig } from './store-rig.ts'

const NEVER = new AbortController().signal

let rig: StoreRig
/** 2.3 MiB: converted. */
let large: StoredVersion
/** A few bytes: plain. */
let small: StoredVersion

beforeAll(async () => {
  StoreRig.bundleWorker()
  rig = await StoreRig.create()
  large = await rig.addVersion('a', 600)
  small = await rig.addVersion('b', 4)
})
afterEach(() => rig.reset())
afterAll(() => rig.remove())

async function ingest(version: StoredVersion): Promise<string> {
  const lease = await rig.store.acquire(version, NEVER)
  lease.release()
  return lease.ingested.path
}

describe('a version on the disk of a node', () => {
  it('is whole, converted, and readable but not writable for an executor of another user', async () => {
    expect(await rig.store.peek(large)).toBeUndefined()
    const { ingested } = await rig.store.acquire(large, NEVER)
    expect(await rig.store.peek(large)).toEqual(ingested)
    expect(ingested).toEqual({
      path: path.join(rig.versionFolder(large), 'files/model.onnx'),
      weightsBytes: 600 * 1_000 * 4,
      mappable: true,
    })
    for (const name of ['', 'form.json', 'files', 'files/model.onnx', 'files/weights.bin']) {
      const found = await lstat(path.join(rig.versionFolder(large), name))
      expect([name, found.mode & 0o777]).toEqual([name, found.isDirectory() ? 0o755 : 0o444])
    }
    expect(await readdir(rig.folder)).toEqual([large.digest])
  })

  it('stays plain when it is small, and costs no second copy', async () => {
    const { ingested } = await rig.store.acquire(small, NEVER)
    expect(ingested).toMatchObject({ weightsBytes: 0, mappable: false })
    expect((await lstat(ingested.path)).ino).toBe((await lstat(rig.artifactPath(small))).ino)
  })

  it('is read once: a second load and a restart do without its artifacts', async () => {
    await ingest(large)
    await rig.hideArtifacts()
    await ingest(large)
    rig.restart()
    await ingest(large)
    expect(rig.tasks).toEqual(['ingest'])
  })

  it('is made once for loads that come together', async () => {
    await Promise.all(Array.from({ length: 8 }, () => ingest(large)))
    expect(rig.tasks).toEqual(['ingest'])
  })

  it('is made while the loop that answers requests goes on turning', async () => {
    const huge = await rig.addVersion('c', 5_000)
    let turns = 0
    let isDone = false
    const turn = () => {
      turns += 1
      if (!isDone) setImmediate(turn)
    }
    turn()
    await ingest(huge)
    isDone = true
    // Turns and no times, since a machine that runs tests has other things to do; made on the loop, it leaves a handful of them.
    expect(turns).toBeGreaterThan(100)
  })

  it('is not waited for by a load that was given up', async () => {
    const gaveUp = new AbortController()
    const load = rig.store.acquire(large, gaveUp.signal)
    gaveUp.abort()
    await expect(load).rejects.toMatchObject({ code: 'serving.cancelled' })
    await ingest(large)
    expect(rig.tasks).toEqual(['ingest'])
  })

  it('has a digest for a name and nothing that leads elsewhere', async () => {
    await expect(rig.store.acquire({ ...small, digest: '../outside' }, NEVER)).rejects.toMatchObject({
      code: 'gitops.path_refused',
    })
  })
})

describe('a version folder is made again when', () => {
  it.each<[string, (folder: string) => Promise<unknown>]>([
    [
      'a file was cut off',
      (folder) => rewrite(path.join(folder, 'files/weights.bin'), (file) => truncate(file, 100)),
    ],
    [
      'a file was replaced by one of the same size',
      async (folder) => {
        const file = path.join(folder, 'files/weights.bin')
        await writeFile(`${file}.new`, Buffer.alloc((await lstat(file)).size))
        await rename(`${file}.new`, file)
      },
    ],
    ['a file is gone', (folder) => rm(path.join(folder, 'files/model.onnx'))],
    [
      'its record is cut off',
      (folder) => rewrite(path.join(folder, 'form.json'), (file) => truncate(file, 30)),
    ],
    [
      'another converter made it',
      (folder) =>
        rewrite(path.join(folder, 'form.json'), async (file) => {
          const text = await readFile(file, 'utf8')
          await writeFile(file, text.replace(/"converterVersion": \d+/, '"converterVersion": 0'))
        }),
    ],
    [
      'it is one of an earlier release',
      async (folder) => {
        await rm(folder, { recursive: true })
        await mkdir(folder)
        await writeFile(path.join(folder, 'model.onnx'), 'x')
      },
    ],
  ])('%s', async (_, change) => {
    const model = await ingest(large)
    const before = await readFile(path.join(path.dirname(model), 'weights.bin'))
    await change(rig.versionFolder(large))
    await ingest(large)
    expect(rig.tasks).toEqual(['ingest', 'ingest'])
    expect((await readFile(path.join(path.dirname(model), 'weights.bin'))).equals(before)).toBe(true)
    expect(await readdir(rig.folder)).toEqual([large.digest])
  })

  it('a load failed and its bytes are other ones, which neither size nor time tells', async () => {
    const weights = path.join(path.dirname(await ingest(large)), 'weights.bin')
    expect(await rig.store.repair(large)).toBe(false)
    await rig.overwriteInPlace(weights)
    expect(await rig.store.repair(large)).toBe(true)
    expect(await rig.store.repair(large)).toBe(false)
    expect(rig.tasks).toEqual(['ingest', 'verify', 'verify', 'ingest', 'verify'])
  })
})

describe('an ingest that cannot be', () => {
  it('says which artifact is damaged, leaves nothing behind and touches no other version', async () => {
    await ingest(small)
    await rewrite(rig.artifactPath(large), (file) => truncate(file, 1_000_000))
    await expect(rig.store.acquire(large, NEVER)).rejects.toMatchObject({
      code: 'serving.artifact_damaged',
      message: expect.stringMatching(/"model\.onnx" has 1000000 bytes; expected 24\d{5} bytes with sha256/),
    })
    expect(await readdir(rig.folder)).toEqual([small.digest])
  })

  it('succeeds after the artifact was restored', async () => {
    await rig.hideArtifacts()
    await expect(rig.store.acquire(large, NEVER)).rejects.toThrow(/is missing; expected/)
    await rig.restoreArtifacts()
    await ingest(large)
  })

  it('is rejected when the node stops in the middle, and the next start sweeps what was left', async () => {
    const huge = await rig.addVersion('d', 5_000)
    const load = rig.store.acquire(huge, NEVER)
    load.catch(() => undefined)
    while (!(await readdir(rig.folder).catch(() => [])).some((name) => name.startsWith('.tmp-'))) await tick()
    rig.restart()
    await expect(load).rejects.toMatchObject({ code: 'serving.draining' })
    rig.store.plan([huge.digest])
    await ingest(huge)
    await rig.store.swept()
    expect(await readdir(rig.folder)).toEqual([huge.digest])
  })
})

describe('versions that are not planned', () => {
  it('are swept, but those in use only when they are released, and none before the plan is known', async () => {
    await mkdir(path.join(rig.folder, '.tmp-crashed/files'), { recursive: true })
    const lease = await rig.store.acquire(large, NEVER)
    await ingest(small)
    await rig.store.swept()
    expect((await readdir(rig.folder)).length).toBe(3)
    rig.store.plan([])
    await rig.store.swept()
    expect(await readdir(rig.folder)).toEqual([large.digest])
    lease.release()
    lease.release()
    await rig.store.swept()
    expect(await readdir(rig.folder)).toEqual([])
    expect(rig.sweepErrors).toEqual([])
  })

  it('are swept at the start, and may be loaded again at the same moment', async () => {
    await ingest(large)
    await ingest(small)
    rig.restart()
    rig.store.plan([small.digest])
    await ingest(large)
    await rig.store.swept()
    expect(await readdir(rig.folder)).toEqual([small.digest])
  })
})

/** Changes a read-only file in place. */
async function rewrite(file: string, change: (file: string) => Promise<unknown>): Promise<void> {
  await chmod(file, 0o644)
  await change(file)
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
