import { Worker } from 'node:worker_threads'
import { monotonicMs } from '../monotonic.ts'
import { HttpConnection } from './http-connection.ts'
import type { OpenOrder, OpenResult } from './orders.ts'
import { poissonTimes } from './poisson-times.ts'

interface Sent {
  readonly request: Uint8Array
  readonly scheduledAtMs: number
  latencyMs: number
  status: number
  version: number
}

/** As clients have pools: without a bound a pause becomes a storm of new connections, which cost a server more than requests do. */
const CONNECTIONS_MAX = 256
const ANSWER_WITHIN_MS = 10_000
/** For the thread to start in. */
const HEAD_START_MS = 100
/** A loop that nobody stops ends by itself. */
const LOOP_MAX_MS = 240_000

/**
 * Sends at the times of its pacer until it is stopped, over as many connections as are needed, up to a bound. Beyond it requests wait for a
 * connection; that is part of their latency, which counts from the scheduled time.
 */
export class OpenLoop {
  readonly #order: OpenOrder
  readonly #onVersion: (version: number, atMs: number) => void
  readonly #sent: Sent[] = []
  readonly #idle: HttpConnection[] = []
  /** Due, and without a connection yet. */
  readonly #waiting: Sent[] = []
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
      this.#tellWhenDrained()
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
    if (request === undefined) return
    const sent: Sent = { request, scheduledAtMs, latencyMs: ANSWER_WITHIN_MS, status: 0, version: 0 }
    this.#sent.push(sent)
    const connection = this.#take()
    if (connection === undefined) this.#waiting.push(sent)
    else this.#ask(connection, sent)
  }

  #ask(connection: HttpConnection, sent: Sent): void {
    this.#open += 1
    connection.send(sent.request, ({ status, version }) => {
      const atMs = monotonicMs()
      sent.latencyMs = atMs - sent.scheduledAtMs
      sent.status = status
      sent.version = version
      this.#open -= 1
      if (status === 0) this.#connections -= 1
      else this.#idle.push(connection)
      if (version !== this.#lastVersion && status === 200) {
        this.#lastVersion = version
        this.#onVersion(version, atMs)
      }
      this.#askNext()
      this.#tellWhenDrained()
    })
  }

  #askNext(): void {
    const next = this.#waiting[0]
    const connection = next && this.#take()
    if (next === undefined || connection === undefined) return
    this.#waiting.shift()
    this.#ask(connection, next)
  }

  #tellWhenDrained(): void {
    if (this.#open === 0 && this.#waiting.length === 0) this.#drained?.()
  }

  /** The one used last, if it is still open; a new one while there may be more. */
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
