import { PlatformError, versionName } from '@understudy/core'
import type { ServableId } from '../servable.ts'
import type { LoaderHarness } from './loader-harness.ts'
import { formatBytes, type ResourceTracker, refusedBytes } from './resource-tracker.ts'

interface Displacement {
  readonly by: ServableId
  readonly memoryBytes: number
}

/**
 * Remembers which aspired versions were unloaded so that another of their model fits, and when they may come back: when the other one is
 * gone or has failed, or when there is room for both. A version that has failed in another's place takes no place again.
 */
export class Displacements<S> {
  readonly #memory: ResourceTracker
  readonly #displaced = new Map<string, Displacement>()
  readonly #failed = new Set<string>()

  constructor(memory: ResourceTracker) {
    this.#memory = memory
  }

  record(victim: LoaderHarness<S>, by: ServableId): void {
    this.#displaced.set(keyOf(victim.id), { by, memoryBytes: this.#memory.bytesOf(victim) })
  }

  has(id: ServableId): boolean {
    return this.#displaced.has(keyOf(id))
  }

  mayDisplace(id: ServableId): boolean {
    return !this.#failed.has(keyOf(id)) && !this.has(id)
  }

  /** Forgets what concerns versions of a model that are not aspired any more. */
  keepOnly(name: string, versions: ReadonlyMap<number, unknown>): void {
    for (const keys of [this.#displaced, this.#failed]) {
      for (const key of keys.keys()) {
        const at = key.lastIndexOf('@')
        if (key.slice(0, at) === name && !versions.has(Number(key.slice(at + 1)))) keys.delete(key)
      }
    }
  }

  /** Whether a displaced version may be loaded now; then it counts as displaced no more. */
  mayReturn(id: ServableId, harnessOf: (id: ServableId) => LoaderHarness<S> | undefined): boolean {
    const displacement = this.#displaced.get(keyOf(id))
    if (displacement === undefined) return true
    const { by, memoryBytes } = displacement
    const other = harnessOf(by)
    if (other !== undefined && !this.#hasFailed(other)) {
      const isSettled = other.state === 'loading' || other.state === 'warming' || other.state === 'ready'
      if (!isSettled || memoryBytes > this.#memory.attainableBytes) return false
    } else {
      this.#failed.add(keyOf(by))
    }
    this.#displaced.delete(keyOf(id))
    return true
  }

  /** Why a displaced version is not loaded. */
  reason(id: ServableId): PlatformError | undefined {
    const displacement = this.#displaced.get(keyOf(id))
    if (displacement === undefined) return undefined
    const { by, memoryBytes } = displacement
    const freeBytes = this.#memory.attainableBytes
    return new PlatformError(
      'serving.insufficient_memory',
      `${keyOf(id)} was unloaded to make room for ${keyOf(by)}: it needs ${formatBytes(memoryBytes)}, ${formatBytes(freeBytes)} are free.`,
      { details: { memoryBytes, freeBytes } },
    )
  }

  /** In error for good, or still without the room that was made for it. */
  #hasFailed({ state, error }: LoaderHarness<S>): boolean {
    if (state !== 'error') return false
    const bytes = refusedBytes(error)
    return bytes === undefined || bytes > this.#memory.attainableBytes
  }
}

function keyOf({ name, version }: ServableId): string {
  return versionName(name, version)
}
