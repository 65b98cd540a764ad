import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type {
  CallsOrder,
  ClosedOrder,
  ClosedResult,
  LoadNews,
  LoadOrder,
  OpenOrder,
  OpenResult,
} from './orders.ts'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const PROGRAM = fileURLToPath(new URL('./load-process.ts', import.meta.url))

type NewsOf<T extends LoadNews['type']> = Extract<LoadNews, { readonly type: T }>

/** A process that makes load. One order at a time. */
export class LoadClient {
  readonly #child = fork(PROGRAM, {
    execArgv: ['--import', TSX],
    serialization: 'advanced',
    stdio: 'inherit',
  })
  readonly #versions: { readonly version: number; readonly atMs: number }[] = []
  #onVersion: (() => void) | undefined

  private constructor() {
    this.#child.on('message', (news: LoadNews) => {
      if (news.type !== 'version') return
      this.#versions.push(news)
      this.#onVersion?.()
    })
  }

  static async start(): Promise<LoadClient> {
    const client = new LoadClient()
    await client.#news('ready')
    return client
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async closed(order: Omit<ClosedOrder, 'type'>): Promise<ClosedResult> {
    this.#tell({ type: 'closed', ...order })
    return (await this.#news('closed')).result
  }

  async calls(order: Omit<CallsOrder, 'type'>): Promise<ClosedResult> {
    this.#tell({ type: 'calls', ...order })
    return (await this.#news('closed')).result
  }

  /** Begins an open loop; it goes on until {@link stop}. */
  open(order: Omit<OpenOrder, 'type'>): void {
    this.#versions.length = 0
    this.#tell({ type: 'open', ...order })
  }

  /** Ends the open loop and gives what became of each request. */
  async stop(): Promise<OpenResult> {
    this.#tell({ type: 'stop' })
    return (await this.#news('open')).result
  }

  /** Resolves with the time of the first answer of a version since the loop began. */
  async answeredBy(version: number, timeoutMs = 30_000): Promise<number> {
    const found = () => this.#versions.find((one) => one.version === version)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`v${version} did not answer in time`)), timeoutMs)
      this.#onVersion = () => {
        if (found() === undefined) return
        clearTimeout(timer)
        resolve()
      }
      this.#onVersion()
    })
    return found()?.atMs ?? Number.NaN
  }

  /** Ends the process, whatever it does. Idempotent. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  #tell(order: LoadOrder): void {
    this.#child.send(order)
  }

  #news<T extends LoadNews['type']>(type: T): Promise<NewsOf<T>> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#child.off('message', onMessage).off('exit', onExit)
        finish()
      }
      const onMessage = (news: LoadNews) => {
        if (news.type === type) settle(() => resolve(news as NewsOf<T>))
      }
      const onExit = () => settle(() => reject(new Error('the process that makes the load ended')))
      this.#child.on('message', onMessage).on('exit', onExit)
    })
  }
}
