import { readFile } from 'node:fs/promises'
import { type Clock, PlatformError } from '@understudy/core'
import type { Logger } from '@understudy/telemetry'
import { describeCertificate, isSamePair, pairProblem, type TlsPair } from './tls-pair.ts'

export interface TlsFilesOptions {
  readonly certFile: string
  readonly keyFile: string
  readonly clock: Clock
  readonly logger: Logger
  /** How often the files are looked at. @defaultValue 1000 */
  readonly intervalMs?: number
}

const READS_MAX = 3

/**
 * The certificate of this node, as it is in two files.
 *
 * The files are read again all the time, whole: however they are replaced, in place, by rename or by a link that turns, the new pair is
 * used from then on for new connections. A pair that cannot be used is refused, with one line in the log, and the last good one stays.
 */
export class TlsFiles {
  readonly #options: TlsFilesOptions
  readonly #listeners = new Set<(pair: TlsPair) => void>()
  readonly #stop = new AbortController()
  #pair: TlsPair
  /** What was wrong at the last look: said once. */
  #problem: string | undefined
  #loop: Promise<void> | undefined

  private constructor(options: TlsFilesOptions, pair: TlsPair) {
    this.#options = options
    this.#pair = pair
  }

  /** @throws PlatformError `serving.certificate_unusable` */
  static async open(options: TlsFilesOptions): Promise<TlsFiles> {
    const read = await readPair(options)
    if ('problem' in read)
      throw new PlatformError('serving.certificate_unusable', sentence(options, read.problem))
    options.logger.info({ event: 'tls', ...describeCertificate(read.pair) }, 'TLS is on')
    return new TlsFiles(options, read.pair)
  }

  get pair(): TlsPair {
    return this.#pair
  }

  /** Calls the listener with every new pair. Returns the function that ends it. */
  onChange(listener: (pair: TlsPair) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Follows the files until {@link close}. */
  start(): void {
    this.#loop ??= this.#follow()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  /** Looks at the files now. Never rejects. */
  async look(): Promise<void> {
    const { logger } = this.#options
    const read = await readPair(this.#options)
    if ('problem' in read) {
      if (read.problem !== this.#problem)
        logger.warn(sentence(this.#options, `${read.problem}; the last good one stays`))
      this.#problem = read.problem
      return
    }
    this.#problem = undefined
    if (isSamePair(read.pair, this.#pair)) return
    this.#pair = read.pair
    for (const listener of this.#listeners) listener(read.pair)
    logger.info({ event: 'tls', ...describeCertificate(read.pair) }, 'a new certificate is in use')
  }

  async #follow(): Promise<void> {
    const { clock, intervalMs = 1_000 } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.look()
      await clock.sleep(intervalMs, signal)
    }
  }
}

type PairRead = { readonly pair: TlsPair } | { readonly problem: string }

/** Both files of one moment: the certificate is read again after the key, so that a change in between is seen. */
async function readPair({ certFile, keyFile }: TlsFilesOptions): Promise<PairRead> {
  try {
    let certificate = await readFile(certFile)
    for (let reads = 1; ; reads++) {
      const privateKey = await readFile(keyFile)
      const again = await readFile(certFile)
      if (again.equals(certificate) || reads === READS_MAX) {
        const pair = { certificate: again, privateKey }
        const problem = pairProblem(pair)
        return problem === undefined ? { pair } : { problem }
      }
      certificate = again
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return { problem: `it cannot be read (${code})` }
  }
}

function sentence({ certFile, keyFile }: TlsFilesOptions, problem: string): string {
  return `The certificate ${certFile} with the key ${keyFile} cannot be used: ${problem}.`
}
