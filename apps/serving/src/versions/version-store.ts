import { randomUUID } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type PlannedVersion, PlatformError } from '@understudy/core'
import { checkSafePath, TEMPORARY_PREFIX } from '@understudy/gitops/artifacts'
import type { IngestedVersion } from '@understudy/onnx'
import type { IngestClient } from './ingest-client.ts'
import { FILES_NAME, readWholeVersion, type VersionRecord } from './version-record.ts'

/** A version that stays on disk until it is released. Releasing is idempotent. */
export interface VersionLease {
  readonly ingested: IngestedVersion
  release(): void
}

/** What names a version and its bytes. */
export type StoredVersion = Pick<PlannedVersion, 'digest' | 'entryPoint' | 'files'>

export interface VersionStoreOptions {
  /** One folder per digest below it. Used by this process alone. */
  readonly folder: string
  /** Where an artifact lies. */
  readonly artifactPath: (sha256: string) => string
  readonly ingest: Pick<IngestClient, 'run'>
  /** Told when a model keeps the form it came in because it could not be converted. */
  readonly onPlain: (digest: string, reason: string) => void
  /** Told when what is not planned any more could not be removed; tried again with the next sweep. */
  readonly onSweepError: (error: unknown) => void
}

/**
 * The versions on this node's disk, each in the form it is loaded in: whole or absent, verified once, read-only.
 *
 * What is found cut off, replaced or made by another converter is made again from the artifacts. A folder goes when its digest is
 * neither planned nor leased. Concurrency: calls for one digest share the work; one process per folder.
 */
export class VersionStore {
  readonly #options: VersionStoreOptions
  readonly #leases = new Map<string, number>()
  /** The last step begun for a digest: each waits for the one before. */
  readonly #steps = new Map<string, Promise<unknown>>()
  /** Names of unfinished folders that are being worked on; any other is what a crash left. */
  readonly #unfinished = new Set<string>()
  #planned: ReadonlySet<string> | undefined
  #sweeping: Promise<void> | undefined
  #sweepAgain = false

  constructor(options: VersionStoreOptions) {
    this.#options = options
  }

  /**
   * Guarantees the version on disk, as long as the lease is held.
   *
   * @throws PlatformError `serving.artifact_damaged`, `serving.disk_full`, `serving.cancelled`, `serving.draining`, `gitops.path_refused`
   */
  async acquire(version: StoredVersion, signal: AbortSignal): Promise<VersionLease> {
    checkNames(version)
    const release = this.#lease(version.digest)
    try {
      const record = await untilAborted(
        this.#inTurn(version.digest, () => this.#ensure(version)),
        signal,
      )
      return { ingested: this.#ingested(record), release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** The version as it lies on disk now; undefined unless it is whole. Makes nothing and holds nothing. */
  async peek({ digest }: Pick<StoredVersion, 'digest'>): Promise<IngestedVersion | undefined> {
    const record = await readWholeVersion(this.#directory(digest), digest)
    return record && this.#ingested(record)
  }

  /**
   * For a version whose executor died or would not load: reads all its bytes again, and makes it again when they are other ones.
   *
   * @returns whether it was made again
   * @throws PlatformError as {@link acquire}
   */
  async repair(version: StoredVersion): Promise<boolean> {
    checkNames(version)
    return await this.#inTurn(version.digest, async () => {
      const record = await readWholeVersion(this.#directory(version.digest), version.digest)
      if (record !== undefined) {
        const directory = this.#directory(version.digest)
        if (await this.#options.ingest.run({ kind: 'verify', directory, record })) return false
      }
      await this.#make(version)
      return true
    })
  }

  /** Tells which digests are planned, and sweeps the others away in the background. Until then nothing is swept. */
  plan(digests: Iterable<string>): void {
    const planned = new Set(digests)
    const before = this.#planned
    this.#planned = planned
    if (before === undefined || [...before].some((digest) => !planned.has(digest))) this.#requestSweep()
  }

  /** Settles when no sweep is under way. */
  async swept(): Promise<void> {
    while (this.#sweeping !== undefined) await this.#sweeping
  }

  #lease(digest: string): () => void {
    this.#leases.set(digest, (this.#leases.get(digest) ?? 0) + 1)
    let held = true
    return () => {
      if (!held) return
      held = false
      const left = (this.#leases.get(digest) ?? 1) - 1
      if (left > 0) this.#leases.set(digest, left)
      else this.#leases.delete(digest)
      if (this.#isUnwanted(digest)) this.#requestSweep()
    }
  }

  #isUnwanted(digest: string): boolean {
    return this.#planned !== undefined && !this.#planned.has(digest) && !this.#leases.has(digest)
  }

  /** One step at a time for a digest: a load, a repair and a sweep of the same folder would trip over each other. */
  async #inTurn<R>(digest: string, step: () => Promise<R>): Promise<R> {
    const before = this.#steps.get(digest) ?? Promise.resolve()
    const mine = before.then(step, step)
    this.#steps.set(digest, mine)
    try {
      return await mine
    } finally {
      if (this.#steps.get(digest) === mine) this.#steps.delete(digest)
    }
  }

  async #ensure(version: StoredVersion): Promise<VersionRecord> {
    return (
      (await readWholeVersion(this.#directory(version.digest), version.digest)) ?? (await this.#make(version))
    )
  }

  async #make(version: StoredVersion): Promise<VersionRecord> {
    const { folder, artifactPath, ingest, onPlain } = this.#options
    const { digest, entryPoint } = version
    const files = version.files.map((file) => ({ ...file, objectPath: artifactPath(file.sha256) }))
    const temporary = `${TEMPORARY_PREFIX}${randomUUID()}`
    this.#unfinished.add(temporary)
    try {
      const request = { digest, entryPoint, files }
      const record = await ingest.run({ kind: 'ingest', folder, temporary, request })
      if (record.plainReason !== null) onPlain(digest, record.plainReason)
      return record
    } finally {
      this.#unfinished.delete(temporary)
    }
  }

  #ingested({ digest, entryPoint, weightsBytes, mappable }: VersionRecord): IngestedVersion {
    return { path: path.join(this.#directory(digest), FILES_NAME, entryPoint), weightsBytes, mappable }
  }

  #directory(digest: string): string {
    return path.join(this.#options.folder, digest)
  }

  #requestSweep(): void {
    this.#sweepAgain = true
    this.#sweeping ??= this.#sweepWhileAsked()
  }

  async #sweepWhileAsked(): Promise<void> {
    while (this.#sweepAgain) {
      this.#sweepAgain = false
      await this.#sweep().catch(this.#options.onSweepError)
    }
    this.#sweeping = undefined
  }

  async #sweep(): Promise<void> {
    const { folder } = this.#options
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.startsWith(TEMPORARY_PREFIX)) {
        if (!this.#unfinished.has(name)) await remove(path.join(folder, name))
      } else if (this.#isUnwanted(name)) {
        await this.#inTurn(name, async () => {
          if (this.#isUnwanted(name)) await this.#removeVersion(name)
        })
      }
    }
  }

  /** Out of the way by one rename, so that a crash leaves a whole version or none. */
  async #removeVersion(digest: string): Promise<void> {
    const aside = path.join(this.#options.folder, `${TEMPORARY_PREFIX}${randomUUID()}`)
    await rename(this.#directory(digest), aside)
    await remove(aside)
  }
}

/** A digest names a folder and paths name files: neither may lead anywhere else. */
function checkNames({ digest, files }: StoredVersion): void {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(digest))
    throw new PlatformError('gitops.path_refused', `"${digest.slice(0, 80)}" is not a digest.`)
  for (const file of files) checkSafePath(file.path)
}

async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

/** Gives up waiting, not the work: what is made then is there for the next attempt. */
async function untilAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  const cancelled = () => new PlatformError('serving.cancelled', 'The load was given up.')
  if (signal.aborted) {
    work.catch(() => undefined)
    throw cancelled()
  }
  return await new Promise<R>((resolve, reject) => {
    const giveUp = () => reject(cancelled())
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
