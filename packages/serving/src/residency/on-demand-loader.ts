import type { PlannedVersion } from '@understudy/core'
import type { LoadContext, Loader, ModelServable, ResourceEstimate } from '../servable.ts'
import { type OnDemandOptions, OnDemandServable } from './on-demand-servable.ts'

export interface OnDemandLoaderOptions
  extends Omit<OnDemandOptions, 'id' | 'signature' | 'batchable' | 'role'> {
  /** Whether the model shall be loaded and warmed up once before the version counts as available. */
  readonly isProofWanted: () => boolean
}

/**
 * Makes a version available without loading it. It reserves nothing: its servable does, for as long as it is in memory.
 *
 * A version that comes beside another of its model is proved first: loaded and warmed up once, so that no label moves to one that cannot
 * be loaded. It may leave right after. The proof is left out where it would make others leave, and for a node that starts, which would
 * load everything for nobody.
 */
export class OnDemandLoader implements Loader<ModelServable> {
  readonly #planned: Pick<PlannedVersion, 'signature' | 'batchable'>
  readonly #options: OnDemandLoaderOptions
  #servable: OnDemandServable | undefined

  constructor(planned: Pick<PlannedVersion, 'signature' | 'batchable'>, options: OnDemandLoaderOptions) {
    this.#planned = planned
    this.#options = options
  }

  async estimateResources(): Promise<ResourceEstimate> {
    return { memoryBytes: 0, executors: 0 }
  }

  async load({ id, role, signal }: LoadContext): Promise<ModelServable> {
    const { signature, batchable } = this.#planned
    const servable = new OnDemandServable({ ...this.#options, id, signature, batchable, role })
    this.#servable = servable
    if (!this.#options.isProofWanted()) {
      // A turn of the loop for each: a node that starts with a thousand of them answers meanwhile.
      await new Promise<void>((resolve) => setImmediate(resolve))
      return servable
    }
    const onAbort = () => void servable.close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await servable.prove()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
    return servable
  }

  async unload(): Promise<void> {
    await this.#servable?.close()
  }
}
