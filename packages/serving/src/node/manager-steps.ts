import { type Clock, type PlatformError, toPlatformError } from '@understudy/core'
import type { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import type { LoadedVersion } from '../predict/loaded-version.ts'
import { forEachInSlices } from '../slices.ts'

export interface ManagerStepsOptions {
  readonly manager: Pick<
    AspiredVersionsManager<LoadedVersion>,
    'names' | 'reconcile' | 'takeTouched' | 'touch'
  >
  readonly clock: Clock
  /** What else may be due for a model, before it is looked at. */
  readonly onTick: (name: string) => void
  readonly onTrouble: (error: PlatformError) => void
}

/** Drives the manager: soon for models that were touched, on a slow tick for all of them. */
export class ManagerSteps {
  readonly #options: ManagerStepsOptions
  #isQueued = false

  constructor(options: ManagerStepsOptions) {
    this.#options = options
  }

  /** Has every touched model looked at soon. */
  queue(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queueMicrotask(() => void this.#step())
  }

  /** The safety net: looks at every model, whether or not something happened to it, until the signal. Never rejects. */
  async tick(everyMs: number, signal: AbortSignal): Promise<void> {
    const { clock, manager, onTick } = this.#options
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal)
      await forEachInSlices(manager.names(), clock, (name) => {
        if (signal.aborted) return
        onTick(name)
        manager.touch(name)
      })
    }
  }

  /** Never rejects. */
  async #step(): Promise<void> {
    const { clock, manager, onTrouble } = this.#options
    try {
      for (let touched = manager.takeTouched(); touched.length > 0; touched = manager.takeTouched()) {
        await forEachInSlices(touched, clock, (name) => manager.reconcile(name))
      }
    } catch (error) {
      onTrouble(toPlatformError(error))
    } finally {
      this.#isQueued = false
    }
  }
}
