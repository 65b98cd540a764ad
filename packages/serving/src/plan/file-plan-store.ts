import { type FileHandle, open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises'
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
      const { size, mtimeMs } = await stat(this.#path)
      if (size > PLAN_SIZE_BYTES_MAX) {
        throw new PlatformError('serving.plan_invalid', `The plan kept on disk has ${size} bytes: too many.`)
      }
      const plan = parsePlan(await readFile(this.#path, 'utf8'))
      return { ...plan, readAtMs: Math.max(plan.readAtMs, mtimeMs) }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Saves run one after the other, so the last one asked for is the one that stays. */
  save(plan: ServingPlan): Promise<void> {
    return this.#inTurn(() => this.#replace(plan))
  }

  /** The time is kept as that of the file: nothing is written again. */
  confirm(readAtMs: number): Promise<void> {
    const at = readAtMs / 1_000
    return this.#inTurn(() => utimes(this.#path, at, at))
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#lastSave.then(act)
    this.#lastSave = done.catch(() => {})
    return done
  }

  async #replace(plan: ServingPlan): Promise<void> {
    const draft = `${this.#path}.${process.pid}.tmp`
    try {
      await writeThrough(draft, plan)
      await rename(draft, this.#path)
      await syncFolder(dirname(this.#path))
    } catch (error) {
      await unlink(draft).catch(() => {})
      throw error
    }
  }
}

async function writeThrough(path: string, plan: ServingPlan): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await writePlan(file, plan)
    // The time of the file is when it was last known to be the plan, by the plan's clock.
    await file.utimes(plan.readAtMs / 1_000, plan.readAtMs / 1_000)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Models written at once: a large plan as one text would block the loop. */
const MODELS_AT_ONCE = 100

/** The same text as `JSON.stringify(plan)`. */
async function writePlan(file: FileHandle, { readAtMs, models, keys }: ServingPlan): Promise<void> {
  await file.write(`{"readAtMs":${JSON.stringify(readAtMs)},"models":[`)
  for (let from = 0; from < models.length; from += MODELS_AT_ONCE) {
    const texts = models.slice(from, from + MODELS_AT_ONCE).map((model) => JSON.stringify(model))
    await file.write(`${from === 0 ? '' : ','}${texts.join(',')}`)
  }
  await file.write(`],"keys":${JSON.stringify(keys)}}`)
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
