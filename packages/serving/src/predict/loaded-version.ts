import type { Clock, PlannedVersion, Signature } from '@understudy/core'
import type { CapturedInputs } from '../node/captured-inputs.ts'
import type { ServingObserver } from '../observer.ts'
import type { ModelServable, ServableHandle, ServableId, ServableRole } from '../servable.ts'
import type { BatchRouter } from './batch-router.ts'
import { InputValidator } from './input-validator.ts'
import { MicroBatcher } from './micro-batcher.ts'
import type { RefusedInputsByDigest } from './suspect/refused-inputs-by-digest.ts'
import { SuspectIsolation } from './suspect/suspect-isolation.ts'

export interface LoadedVersionContext {
  readonly acquire: (id: ServableId) => ServableHandle<unknown>
  readonly router: BatchRouter
  readonly refused: RefusedInputsByDigest
  readonly clock: Clock
  readonly observer: ServingObserver
  /** Keeps a few inputs of live versions. @defaultValue none are kept */
  readonly captured?: CapturedInputs | undefined
}

/** A version with everything that is built once for it: its check of inputs and its queue. */
export class LoadedVersion {
  readonly planned: PlannedVersion
  readonly model: ModelServable
  readonly validator: InputValidator
  readonly batcher: MicroBatcher
  readonly suspects: SuspectIsolation
  #role: ServableRole

  constructor(
    source: {
      readonly id: ServableId
      readonly planned: PlannedVersion
      readonly model: ModelServable
      /** Told to the model when it was loaded. */
      readonly role: ServableRole
    },
    context: LoadedVersionContext,
  ) {
    const { id, planned, model } = source
    this.planned = planned
    this.model = model
    this.#role = source.role
    this.validator = new InputValidator(model.signature, model.batchable)
    const { clock, observer, router } = context
    const { digest } = planned
    const refused = context.refused.of(digest)
    this.suspects = new SuspectIsolation({ id, digest, servable: model, refused, clock, observer })
    const { batching, maxQueue } = planned.runtime
    this.batcher = new MicroBatcher({
      ...{ id, servable: this.#watched(id.name, context.captured), maxQueue, ...batching },
      ...{ router, suspects: this.suspects, clock, observer },
      acquire: () => context.acquire(id),
    })
  }

  get signature(): Signature {
    return this.model.signature
  }

  get runTimeoutMs(): number {
    return this.planned.runtime.runTimeoutMs
  }

  /** Tells the model what it is for, when that is something else than before. */
  assume(role: ServableRole): void {
    if (role === this.#role) return
    this.#role = role
    this.model.assume?.(role)
  }

  /** The model as live requests run it: some of their inputs are kept. */
  #watched(name: string, captured: CapturedInputs | undefined): ModelServable {
    const { model } = this
    if (captured === undefined) return model
    const { signature, batchable } = model
    const probe = captured.probe(name, model)
    const run: ModelServable['run'] = (inputs) => {
      const answered = model.run(inputs)
      if (this.#role === 'live' || this.#role === 'canary') probe.see(inputs, answered)
      return answered
    }
    return { signature, batchable, run }
  }

  close(): void {
    this.batcher.close()
  }
}
