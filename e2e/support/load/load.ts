import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { waitFor } from '@understudy/testing'
import type { LoadNews, LoadOrder, LoadRecord, LoadRequest } from './load-record.ts'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const PROGRAM = fileURLToPath(new URL('./load-process.ts', import.meta.url))

/** A constant load made by another process until it is stopped, and what became of every request. */
export class Load {
  readonly records: LoadRecord[] = []
  readonly #process: ChildProcess
  readonly #done: Promise<void>

  private constructor(child: ChildProcess) {
    this.#process = child
    this.#done = new Promise((resolve, reject) => {
      child.on('message', (news: LoadNews) => {
        if (news.type === 'records') this.records.push(...news.records)
        else resolve()
      })
      child.once('exit', (code) => reject(new Error(`the load ended by itself with ${code}`)))
    })
    // Whoever stops it hears of it.
    this.#done.catch(() => undefined)
  }

  /** Resolves when the first answers are there. */
  static async begin(order: Omit<LoadOrder, 'headers'> & Partial<LoadOrder>): Promise<Load> {
    const child = fork(PROGRAM, { execArgv: ['--import', TSX], stdio: 'inherit' })
    const load = new Load(child)
    load.#tell({ type: 'begin', order: { headers: {}, ...order } })
    await waitFor('the first answer', () => load.records.length > 0)
    return load
  }

  get failed(): readonly LoadRecord[] {
    return this.records.filter((record) => record.error !== null)
  }

  /** Waits until so many more requests have ended. */
  async more(count: number): Promise<void> {
    const goal = this.records.length + count
    await waitFor(`${count} more answers`, () => this.records.length >= goal, { timeoutMs: 60_000 })
  }

  /** Waits until a request that was scheduled from now on is answered by a version. */
  async untilAnsweredBy(version: number): Promise<LoadRecord> {
    const now = Date.now()
    return await waitFor(
      `an answer of v${version}`,
      () => this.records.findLast((record) => record.version === version && record.scheduledAtMs >= now),
      { timeoutMs: 30_000 },
    )
  }

  /** Sends no more, waits for every answer that is still open, and returns all records. */
  async stop(): Promise<readonly LoadRecord[]> {
    this.#tell({ type: 'stop' })
    await this.#done
    await this.end()
    return this.records
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.disconnect()
    await exit
  }

  #tell(message: LoadRequest): void {
    this.#process.send(message)
  }
}
