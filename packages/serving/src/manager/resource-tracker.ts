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

/** Keeps the memory promised to versions within the limit. Synchronous, so two loads never take the same bytes. */
export class ResourceTracker {
  readonly #memoryLimitBytes: number
  readonly #reserved = new Map<string, number>()

  constructor(memoryLimitBytes: number) {
    this.#memoryLimitBytes = memoryLimitBytes
  }

  get reservedBytes(): number {
    let sum = 0
    for (const bytes of this.#reserved.values()) sum += bytes
    return sum
  }

  /**
   * Reserves memory for a version; reserving again replaces what it had.
   *
   * @throws PlatformError `serving.insufficient_memory`
   */
  reserve(id: ServableId, memoryBytes: number): void {
    this.release(id)
    const freeBytes = this.#memoryLimitBytes - this.reservedBytes
    if (memoryBytes > freeBytes) {
      throw new PlatformError(
        'serving.insufficient_memory',
        `${versionName(id.name, id.version)} needs ${formatBytes(memoryBytes)}, ${formatBytes(freeBytes)} of ${formatBytes(this.#memoryLimitBytes)} are free.`,
        { details: { memoryBytes, freeBytes, memoryLimitBytes: this.#memoryLimitBytes } },
      )
    }
    this.#reserved.set(versionName(id.name, id.version), memoryBytes)
  }

  release(id: ServableId): void {
    this.#reserved.delete(versionName(id.name, id.version))
  }
}
