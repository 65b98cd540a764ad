import { execFileSync } from 'node:child_process'
import { rmdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredVersion } from '../src/versions/version-store.ts'
import { StoreRig } from './store-rig.ts'

const NEVER = new AbortController().signal

let rig: StoreRig
let large: StoredVersion

beforeAll(async () => {
  StoreRig.bundleWorker()
  rig = await StoreRig.create()
  large = await rig.addVersion('a', 600)
})
afterAll(() => rig.remove())

const tmpfs = mountTmpfs()

describe.skipIf(tmpfs === undefined)(
  `on a full disk (a tmpfs of 2 MiB; skipped where mounting is not permitted)`,
  () => {
    afterAll(() => tmpfs?.unmount())

    it('an ingest fails with what it needs and what there is, leaves nothing, and succeeds once there is room', async () => {
      const folder = path.join(tmpfs?.folder ?? '', 'versions')
      const store = rig.storeAt(folder)
      await expect(store.acquire(large, NEVER)).rejects.toMatchObject({
        code: 'serving.disk_full',
        message: expect.stringMatching(/needs 2\.3 MiB, has [12]\.\d MiB/),
      })
      expect(await readdir(folder)).toEqual([])
      tmpfs?.grow()
      const lease = await store.acquire(large, NEVER)
      expect(lease.ingested.mappable).toBe(true)
    })
  },
)

/** A file system of 2 MiB, or undefined where this user may not mount one. */
function mountTmpfs() {
  const folder = StoreRig.scratch('tmpfs')
  const mount = (...args: string[]) => execFileSync('mount', [...args, folder], { stdio: 'ignore' })
  try {
    mount('-t', 'tmpfs', '-o', 'size=2m', 'none')
  } catch {
    rmdirSync(folder)
    return undefined
  }
  return {
    folder,
    grow: () => mount('-o', 'remount,size=16m'),
    unmount: () => {
      execFileSync('umount', [folder])
      rmdirSync(folder)
    },
  }
}
