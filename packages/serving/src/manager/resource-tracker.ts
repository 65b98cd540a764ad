import { PlatformError, versionName } from '@understudy/core'
import type { ServableId } from '../servable.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A size for people: `1.9 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? 'B'}`
}

/** Holds memory only until someone else needs it. */
export interface Tenant {
  /** Since when nothing uses it (milliseconds of the monotonic clock); undefined while something does: then it is left alone. */
  readonly idleSinceMs: number | undefined
  /** Gives its memory up. Called when idle, after its reservation is gone; settles when the memory is free for certain. Never rejects. */
  leave(): Promise<void>
}

interface Reservation {
  readonly memoryBytes: number
  readonly tenant: Tenant | undefined
}

export interface ReservationRequest {
  /** Who holds it: one reservation each. */
  readonly owner: object
  /** For messages. */
  readonly id: ServableId
  readonly memoryBytes: number
  /** Set: the memory is only lent. */
  readonly tenant?: Tenant | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is left for those who are no version: their memory is lent, and a version that needs it gets it back. */
export type LentMemory = Pick<ResourceTracker, 'freeBytes' | 'reserve' | 'release' | 'tenantIdle'>

interface Waiting extends ReservationRequest {
  readonly grant: () => void
  readonly refuse: (error: unknown) => void
}

/**
 * Keeps the memory promised to versions within the limit.
 *
 * A reservation moves synchronously, so two never take the same bytes. Who needs memory that is lent gets it from the tenants that are
 * idle, least recently used first; when those are not enough, it waits its turn for the others to become idle.
 */
export class ResourceTracker {
  readonly #memoryLimitBytes: number
  readonly #reserved = new Map<object, Reservation>()
  readonly #waiting: Waiting[] = []
  readonly #leaving = new Set<Promise<void>>()
  readonly #onFreed = new Set<() => void>()
  #reservedBytes = 0
  #pinnedBytes = 0

  constructor(memoryLimitBytes: number) {
    this.#memoryLimitBytes = memoryLimitBytes
  }

  get reservedBytes(): number {
    return this.#reservedBytes
  }

  /** What nobody holds. */
  get freeBytes(): number {
    return this.#memoryLimitBytes - this.#reservedBytes
  }

  /** What could be had, tenants gone. */
  get attainableBytes(): number {
    return this.#memoryLimitBytes - this.#pinnedBytes
  }

  bytesOf(owner: object): number {
    return this.#reserved.get(owner)?.memoryBytes ?? 0
  }

  /** Calls the listener whenever memory that could not be had before can be had. */
  onFreed(listener: () => void): void {
    this.#onFreed.add(listener)
  }

  /**
   * Reserves memory; reserving again replaces what the owner had. Settles when the memory is free for certain: tenants that had to leave
   * are gone.
   *
   * @throws PlatformError `serving.insufficient_memory` at once when it could not be had with every tenant gone; the reason of the signal
   */
  async reserve(request: ReservationRequest): Promise<void> {
    this.release(request.owner)
    request.signal?.throwIfAborted()
    if (request.memoryBytes > this.attainableBytes) throw this.#insufficient(request)
    await this.#turn(request)
    while (this.#leaving.size > 0) await Promise.all(this.#leaving)
  }

  release(owner: object): void {
    const reservation = this.#reserved.get(owner)
    if (reservation === undefined) return
    this.#drop(owner, reservation)
    this.#serve()
    if (reservation.tenant === undefined) for (const listener of this.#onFreed) listener()
  }

  /** A tenant became idle. Cheap while nobody waits. */
  tenantIdle(): void {
    if (this.#waiting.length > 0) this.#serve()
  }

  async #turn(request: ReservationRequest): Promise<void> {
    const { signal } = request
    await new Promise<void>((resolve, reject) => {
      const settled = (act: () => void) => () => {
        signal?.removeEventListener('abort', onAbort)
        act()
      }
      const waiting: Waiting = {
        ...request,
        grant: settled(resolve),
        refuse: (error) => settled(() => reject(error))(),
      }
      const onAbort = () => {
        const index = this.#waiting.indexOf(waiting)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        waiting.refuse(signal?.reason)
        this.#serve()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiting)
      this.#serve()
    })
  }

  /** Grants in order of arrival. What becomes idle while the first one waits is kept for it, so nobody waits for ever. */
  #serve(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (first.memoryBytes > this.attainableBytes) {
        this.#waiting.shift()
        first.refuse(this.#insufficient(first))
        continue
      }
      while (this.freeBytes < first.memoryBytes && this.#evictOne());
      if (this.freeBytes < first.memoryBytes) return
      this.#waiting.shift()
      this.#add(first)
      first.grant()
    }
  }

  #evictOne(): boolean {
    let oldest:
      | { readonly owner: object; readonly reservation: Reservation; readonly tenant: Tenant }
      | undefined
    let oldestMs = Number.POSITIVE_INFINITY
    for (const [owner, reservation] of this.#reserved) {
      const idleSinceMs = reservation.tenant?.idleSinceMs
      if (reservation.tenant === undefined || idleSinceMs === undefined || idleSinceMs >= oldestMs) continue
      oldestMs = idleSinceMs
      oldest = { owner, reservation, tenant: reservation.tenant }
    }
    if (oldest === undefined) return false
    this.#drop(oldest.owner, oldest.reservation)
    const left = oldest.tenant.leave().finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
    return true
  }

  #add({ owner, memoryBytes, tenant }: Waiting): void {
    this.#reserved.set(owner, { memoryBytes, tenant })
    this.#reservedBytes += memoryBytes
    if (tenant === undefined) this.#pinnedBytes += memoryBytes
  }

  #drop(owner: object, { memoryBytes, tenant }: Reservation): void {
    this.#reserved.delete(owner)
    this.#reservedBytes -= memoryBytes
    if (tenant === undefined) this.#pinnedBytes -= memoryBytes
  }

  #insufficient({ id, memoryBytes }: ReservationRequest): PlatformError {
    return insufficientMemory(id, memoryBytes, {
      freeBytes: this.attainableBytes,
      memoryLimitBytes: this.#memoryLimitBytes,
    })
  }
}

function insufficientMemory(
  id: ServableId,
  memoryBytes: number,
  room: { readonly freeBytes: number; readonly memoryLimitBytes: number },
): PlatformError {
  const { freeBytes, memoryLimitBytes } = room
  return new PlatformError(
    'serving.insufficient_memory',
    `${versionName(id.name, id.version)} needs ${formatBytes(memoryBytes)}, ${formatBytes(freeBytes)} of ${formatBytes(memoryLimitBytes)} are free.`,
    { details: { memoryBytes, freeBytes, memoryLimitBytes } },
  )
}

/** How many bytes a version wanted that was refused for want of memory; undefined for any other error. */
export function refusedBytes(error: PlatformError | undefined): number | undefined {
  if (error?.code !== 'serving.insufficient_memory') return undefined
  const { memoryBytes } = error.details
  return typeof memoryBytes === 'number' ? memoryBytes : undefined
}
