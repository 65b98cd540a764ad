import type { Clock } from '@understudy/core'
import { type Logger, silentLogger } from '@understudy/telemetry'
import pg from 'pg'

/** The one channel: a hint that something changed. Payloads are topics such as `plan` or `work`; polling is the guarantee. */
export const CHANGE_CHANNEL = 'understudy'

export interface ChangeListenerOptions {
  readonly databaseUrl: string
  readonly clock: Clock
  readonly logger?: Logger | undefined
  /** @defaultValue 1000 */
  readonly reconnectMs?: number
}

/**
 * Hears what other processes changed, over a connection of its own, and reconnects for as long as it is open.
 *
 * After every (re)connection each listener is called once, since hints may have been missed.
 */
export class ChangeListener {
  readonly #options: ChangeListenerOptions
  readonly #listeners = new Set<(topic: string) => void>()
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined

  constructor(options: ChangeListenerOptions) {
    this.#options = options
  }

  /** Calls `listener` with the topic of every change. Returns the way to stop that. */
  onChange(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  #tell(topic: string): void {
    for (const listener of this.#listeners) listener(topic)
  }

  async #run(): Promise<void> {
    const { clock, logger = silentLogger, reconnectMs = 1_000 } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#listenOnce(signal)
      } catch (error) {
        logger.debug({ err: error }, 'change listener lost its connection')
      }
      await clock.sleep(reconnectMs, signal)
    }
  }

  async #listenOnce(signal: AbortSignal): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.databaseUrl,
      application_name: 'understudy-listener',
    })
    const over = new AbortController()
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve)
      client.on('error', () => resolve())
      signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal })
    })
    try {
      await client.connect()
      client.on('notification', (message) => this.#tell(message.payload ?? ''))
      await client.query(`LISTEN ${CHANGE_CHANNEL}`)
      this.#tell('connected')
      await ended
    } finally {
      over.abort()
      await client.end().catch(() => undefined)
    }
  }
}
