import type { Clock, PlannedVersion, Signature } from '@understudy/core'
import type { BatchMirror } from '../mirror/batch-mirror.ts'
import type { ServingObserver } from '../observer.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import { InputValidator } from './input-validator.ts'
import { MicroBatcher } from './micro-batcher.ts'

export interface LoadedVersionContext {
  readonly acquire: (id: ServableId) => ServableHandle<unknown>
  readonly mirror: BatchMirror
  readonly clock: Clock
  readonly observer: ServingObserver
}

/** A version with everything that is built once for it: its check of inputs and its queue. */
export class LoadedVersion {
  readonly planned: PlannedVersion
  readonly model: ModelServable
  readonly validator: InputValidator
  readonly batcher: MicroBatcher

  constructor(
    source: { readonly id: ServableId; readonly planned: PlannedVersion; readonly model: ModelServable },
    context: LoadedVersionContext,
  ) {
    const { id, planned, model } = source
    this.planned = planned
    this.model = model
    this.validator = new InputValidator(model.signature, model.batchable)
    const { batching, maxQueue } = planned.runtime
    this.batcher = new MicroBatcher({
      ...{ id, servable: model, maxQueue, ...batching },
      ...{ mirror: context.mirror, clock: context.clock, observer: context.observer },
      acquire: () => context.acquire(id),
    })
  }

  get signature(): Signature {
    return this.model.signature
  }

  get runTimeoutMs(): number {
    return this.planned.runtime.runTimeoutMs
  }

  close(): void {
    this.batcher.close()
  }
}
