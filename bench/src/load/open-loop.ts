import { Worker } from 'node:worker_threads'
import { monotonicMs } from '../monotonic.ts'
import { HttpConnection } from './http-connection.ts'
import type { OpenOrder, OpenResult } from './orders.ts'
import { poissonTimes } from './poisson-times.ts'

interface Sent {
  readonly scheduledAtMs: number
  latencyMs: number
  status: number
  version: number
}

const CONNECTIONS_MAX = 4_096
const ANSWER_WITHIN_MS = 10_000
/** For the thread to start in. */
const HEAD_START_MS = 100
/** A loop that nobody stops ends by itself. */
const LOOP_MAX_MS = 240_000

/** Sends at the times of its pacer until it is stopped, over as many connections as are needed. */
export class OpenLoop {
  readonly #order: OpenOrder
  readonly #onVersion: (version: number, atMs: number) => void
  readonly #sent: Sent[] = []
  readonly #idle: HttpConnection[] = []
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  #connections = 0
  #open = 0
  #lastVersion = 0
  #drained: (() => void) | undefined

  constructor(order: OpenOrder, onVersion: (version: number, atMs: number) => void) {
    this.#order = order
    this.#onVersion = onVersion
    const { ratePerSecond, seed } = order
    const span = { fromMs: monotonicMs() + HEAD_START_MS, durationMs: LOOP_MAX_MS }
    const workerData = { times: poissonTimes(ratePerSecond, seed, span), stop: this.#stop }
    // Whatever was given to node itself is not for this plain module.
    const pacer = new Worker(new URL('./pacer.mjs', import.meta.url), { workerData, execArgv: [] })
    pacer.on('message', (atMs: number) => this.#send(atMs))
  }

  /** Sends no more and waits for what is open, at most ten seconds. */
  async stop(): Promise<OpenResult> {
    Atomics.store(this.#stop, 0, 1)
    Atomics.notify(this.#stop, 0)
    const timer = setTimeout(() => this.#drained?.(), ANSWER_WITHIN_MS)
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      if (this.#open === 0) resolve()
    })
    clearTimeout(timer)
    const sent = this.#sent
    return {
      scheduledAtMs: Float64Array.from(sent, (one) => one.scheduledAtMs),
      latencyMs: Float64Array.from(sent, (one) => one.latencyMs),
      status: Int16Array.from(sent, (one) => one.status),
      version: Int32Array.from(sent, (one) => one.version),
    }
  }

  #send(scheduledAtMs: number): void {
    if (Atomics.load(this.#stop, 0) !== 0) return
    const { requests } = this.#order
    const request = requests[this.#sent.length % requests.length]
    const sent: Sent = { scheduledAtMs, latencyMs: ANSWER_WITHIN_MS, status: 0, version: 0 }
    this.#sent.push(sent)
    const connection = this.#take()
    if (request === undefined || connection === undefined) return
    this.#open += 1
    connection.send(request, ({ status, version }) => {
      const atMs = monotonicMs()
      sent.latencyMs = atMs - scheduledAtMs
      sent.status = status
      sent.version = version
      this.#open -= 1
      if (status === 0) this.#connections -= 1
      else this.#idle.push(connection)
      if (version !== this.#lastVersion && status === 200) {
        this.#lastVersion = version
        this.#onVersion(version, atMs)
      }
      if (this.#open === 0) this.#drained?.()
    })
  }

  /** The one used last, if it is still open. Undefined when there are too many: the request then counts as unanswered. */
  #take(): HttpConnection | undefined {
    for (;;) {
      const idle = this.#idle.pop()
      if (idle === undefined) break
      if (idle.isOpen) return idle
      this.#connections -= 1
    }
    if (this.#connections >= CONNECTIONS_MAX) return undefined
    this.#connections += 1
    return new HttpConnection(this.#order.port, false)
  }
}
