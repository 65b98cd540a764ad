import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { PlatformError } from '@understudy/core'
import { exposeText, type MetricFamily, TEXT_EXPOSITION_TYPE, TimeSlice } from '@understudy/telemetry/metrics'

/** Our path, and TensorFlow Serving's default. */
const PATHS: readonly string[] = ['/metrics', '/monitoring/prometheus/metrics']
const SCRAPES_MAX = 4
/** A scraper that reads no faster is left. */
const SCRAPE_TIMEOUT_MS = 10_000
const PIECE_CHARS = 16 * 1024

interface Scrape {
  readonly method: string
  /** Aborts when the scraper goes away. */
  readonly signal: AbortSignal
  readonly res: ServerResponse
}

export interface MetricsRouteOptions {
  readonly families: readonly MetricFamily[]
  /** Called before each answer. */
  readonly onScrape: () => void
}

/**
 * Answers Prometheus. The text is made in slices of a millisecond with a turn of the event loop in between, however many models there
 * are, and never faster than the scraper reads.
 */
export class MetricsRoute {
  readonly #options: MetricsRouteOptions
  #scrapes = 0

  constructor(options: MetricsRouteOptions) {
    this.#options = options
  }

  answers(method: string, path: string): boolean {
    return (method === 'GET' || method === 'HEAD') && PATHS.includes(path)
  }

  /** @throws PlatformError `serving.queue_full` when four others are being answered; and what a family throws */
  async handle({ method, signal: gone, res }: Scrape): Promise<void> {
    if (this.#scrapes >= SCRAPES_MAX)
      throw new PlatformError('serving.queue_full', 'Four scrapes are being answered already.')
    const signal = AbortSignal.any([gone, AbortSignal.timeout(SCRAPE_TIMEOUT_MS)])
    this.#scrapes += 1
    try {
      // A connection that is kept open would keep a drain waiting.
      res.writeHead(200, { 'content-type': TEXT_EXPOSITION_TYPE, connection: 'close' })
      if (method === 'HEAD') res.end()
      else await this.#write(res, signal)
    } catch (error) {
      // Half an answer must not look like a whole one.
      res.destroy()
      if (!signal.aborted) throw error
    } finally {
      this.#scrapes -= 1
    }
  }

  async #write(res: ServerResponse, signal: AbortSignal): Promise<void> {
    const slice = new TimeSlice()
    this.#options.onScrape()
    let piece = ''
    for (const lines of exposeText(this.#options.families)) {
      signal.throwIfAborted()
      piece += lines
      if (piece.length >= PIECE_CHARS) {
        if (!res.write(piece)) await once(res, 'drain', { signal })
        piece = ''
      }
      if (slice.isOver()) await slice.rest()
    }
    res.end(piece)
  }
}
