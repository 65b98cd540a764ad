import type { Clock, NamedTensors } from '@understudy/core'
import { type BatchEnded, type ExecutorIncident, noopObserver } from '../observer.ts'
import type { BatchRouter } from '../predict/batch-router.ts'
import { InputValidator } from '../predict/input-validator.ts'
import { MicroBatcher, type MicroBatcherOptions } from '../predict/micro-batcher.ts'
import type { BatchRequest } from '../predict/pending-request.ts'
import { RefusedInputs } from '../predict/suspect/refused-inputs.ts'
import { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ModelServable } from '../servable.ts'
import { rowsOfX, valuesOfY } from './fake-model.ts'

const NO_PAIRS: BatchRouter = { route: () => undefined }

/** A batcher over a servable, with its handle counted and its batches recorded. */
export function batcherRig(
  options: { readonly clock: Clock; readonly servable: ModelServable } & Partial<MicroBatcherOptions>,
) {
  const revoke = new AbortController()
  const handles = { taken: 0, open: 0 }
  const batches: BatchEnded[] = []
  const incidents: ExecutorIncident[] = []
  const observer = {
    ...noopObserver,
    batchEnded: (event: BatchEnded) => void batches.push(event),
    incident: (event: ExecutorIncident) => void incidents.push(event),
  }
  const id = { name: 'm', version: 1 }
  const { clock, servable } = options
  const refused = new RefusedInputs({ clock })
  const suspects = new SuspectIsolation({ id, digest: 'digest-1', servable, refused, clock, observer })
  const batcher = new MicroBatcher({
    ...{ id, maxBatchSize: 64, maxDelayMs: 0, maxQueue: 1_024, router: NO_PAIRS },
    ...{ observer, suspects },
    acquire: () => {
      handles.taken += 1
      handles.open += 1
      const release = () => {
        handles.open -= 1
      }
      return {
        ...{ id, servable, revoked: revoke.signal, release },
        [Symbol.dispose]: release,
      }
    },
    ...options,
  })
  const validator = new InputValidator(options.servable.signature, options.servable.batchable)
  let count = 0
  const submit = (inputs: Parameters<InputValidator['check']>[0], changes: Partial<BatchRequest> = {}) => {
    count += 1
    const request = {
      ...{ requestId: `r${count}`, ...validator.check(inputs), live: true, timeoutMs: 1_000 },
      ...changes,
    }
    return new Promise<NamedTensors>((answered, failed) => batcher.submit(request, { answered, failed }))
  }
  /** One row per value; answers the first value of each row of `y`. */
  const ask = async (...values: readonly number[]) => {
    const outputs = await submit(rowsOfX(...values.map((value) => [value, 0] as const)))
    return valuesOfY(outputs).filter((_value, index) => index % 2 === 0)
  }
  return { batcher, handles, batches, incidents, revoke, submit, ask }
}
