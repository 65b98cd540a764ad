import type { BasicManager } from './basic-manager.ts'
import { refusedBytes } from './resource-tracker.ts'

export interface RefusedModelsOptions<S> {
  readonly basic: Pick<BasicManager<S>, 'harnessesOf' | 'memory' | 'onRefused'>
  /** Has a model looked at in the next step. */
  readonly touch: (name: string) => void
}

/** Models of which a version was refused for want of memory: whenever some comes free, they look again. */
export class RefusedModels<S> {
  readonly #options: RefusedModelsOptions<S>
  readonly #names = new Set<string>()

  constructor(options: RefusedModelsOptions<S>) {
    this.#options = options
    options.basic.onRefused(({ name }) => {
      this.#names.add(name)
      options.touch(name)
    })
    options.basic.memory.onFreed(() => this.#memoryFreed())
  }

  /** The model is gone. */
  forget(name: string): void {
    this.#names.delete(name)
  }

  /** One that waits for its next attempt tries now. */
  #memoryFreed(): void {
    const { basic, touch } = this.#options
    const { attainableBytes } = basic.memory
    for (const name of this.#names) {
      for (const harness of basic.harnessesOf(name)) {
        const bytes = refusedBytes(harness.error)
        if (harness.state === 'loadRequested' && bytes !== undefined && bytes <= attainableBytes)
          harness.retryNow()
      }
      touch(name)
    }
  }
}
