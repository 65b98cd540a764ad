import { watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { type Clock, PlatformError, type ServingPlan } from '@understudy/core'
import { type PlanReader, parsePlan } from '@understudy/serving'
import type { MirroredSeries } from './mirrored-series.ts'

/** Two writes this close together may leave the same stamp on some file systems: a file so young is read again. */
const STAMP_TRUSTED_AFTER_MS = 2_000
const PLAN_SIZE_BYTES_MAX = 64 * 1024 * 1024

/**
 * Reads the serving plan from a file, for a node without a control plane.
 *
 * The file is parsed again only when it changed; while it can be read, the plan counts as current. Whoever writes it replaces it by
 * rename: a file that is half written is refused as a whole, and the node goes on with the plan that it has.
 */
export class PlanFileReader implements PlanReader {
  readonly #path: string
  readonly #clock: Clock
  readonly #series: MirroredSeries
  #stamp: string | undefined
  #models: ServingPlan['models'] = []
  #keys: ServingPlan['keys'] = []

  constructor(file: string, options: { readonly clock: Clock; readonly series: MirroredSeries }) {
    this.#path = path.resolve(file)
    this.#clock = options.clock
    this.#series = options.series
  }

  /** @throws PlatformError `serving.plan_unreadable`, `serving.plan_invalid` */
  async read(): Promise<ServingPlan> {
    const file = await this.#open()
    try {
      const plan = await this.#readOpen(file)
      this.#series.take(plan)
      return plan
    } finally {
      await file.close()
    }
  }

  /** Watches the folder, since a replaced file is another file. Where watching fails, polling alone finds the change. */
  onHint(hint: () => void): () => void {
    try {
      const watcher = watch(path.dirname(this.#path), { persistent: false }, (_event, name) => {
        if (name === null || name === path.basename(this.#path)) hint()
      })
      watcher.on('error', () => watcher.close())
      return () => watcher.close()
    } catch {
      return () => undefined
    }
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'r')
    } catch (error) {
      throw new PlatformError('serving.plan_unreadable', `The plan file ${this.#path} cannot be read.`, {
        cause: error,
      })
    }
  }

  async #readOpen(file: FileHandle): Promise<ServingPlan> {
    const readAtMs = this.#clock.now()
    const { size, ino, mtimeNs, mtimeMs } = await file.stat({ bigint: true })
    const stamp = `${ino} ${size} ${mtimeNs}`
    if (stamp === this.#stamp) return { readAtMs, models: this.#models, keys: this.#keys }
    if (size > PLAN_SIZE_BYTES_MAX) {
      throw new PlatformError('serving.plan_invalid', `The plan file has ${size} bytes: too many.`)
    }
    const text = await file.readFile('utf8')
    const { models, keys } = parsePlan(text, `The plan file ${this.#path}`)
    // Unchanged content keeps its identity, so that nothing behind it compares or applies it again.
    if (JSON.stringify(models) !== JSON.stringify(this.#models)) this.#models = models
    this.#keys = keys
    this.#stamp = Math.abs(readAtMs - Number(mtimeMs)) > STAMP_TRUSTED_AFTER_MS ? stamp : undefined
    return { readAtMs, models: this.#models, keys: this.#keys }
  }
}
