import { open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PlatformError, type ServingPlan } from '@understudy/core'
import { parsePlan } from './parse-plan.ts'
import type { PlanStore } from './plan-ports.ts'

/** Beyond this it is no plan of ours: reading it would only take memory. */
const PLAN_SIZE_BYTES_MAX = 64 * 1024 * 1024

/** Keeps the plan in one file, replaced by rename after its bytes have reached the disk. The folder must exist. */
export class FilePlanStore implements PlanStore {
  readonly #path: string
  #lastSave: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async load(): Promise<ServingPlan | undefined> {
    try {
      const { size } = await stat(this.#path)
      if (size > PLAN_SIZE_BYTES_MAX) {
        throw new PlatformError('serving.plan_invalid', `The plan kept on disk has ${size} bytes: too many.`)
      }
      return parsePlan(await readFile(this.#path, 'utf8'))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Saves run one after the other, so the last one asked for is the one that stays. */
  save(plan: ServingPlan): Promise<void> {
    const save = this.#lastSave.then(() => this.#replace(JSON.stringify(plan)))
    this.#lastSave = save.catch(() => {})
    return save
  }

  async #replace(text: string): Promise<void> {
    const draft = `${this.#path}.${process.pid}.tmp`
    try {
      await writeThrough(draft, text)
      await rename(draft, this.#path)
      await syncFolder(dirname(this.#path))
    } catch (error) {
      await unlink(draft).catch(() => {})
      throw error
    }
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the rename itself durable. Not every system lets a folder be opened; there the rename is as durable as it gets. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  try {
    await folder?.sync()
  } catch {
    // Same as above.
  } finally {
    await folder?.close()
  }
}
