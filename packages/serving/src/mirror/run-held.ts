import { type Clock, toPlatformError } from '@understudy/core'
import type { InputValidator } from '../predict/input-validator.ts'
import type { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ModelServable, ServableHandle, ServableId } from '../servable.ts'
import { RunDeadline } from './run-deadline.ts'
import { answersOf, type MirroredWork, type VersionRun } from './version-answers.ts'

/** What the mirror needs of a loaded version. */
export interface MirrorTarget {
  readonly model: ModelServable
  readonly runTimeoutMs: number
  readonly suspects: SuspectIsolation
  readonly validator: InputValidator
}

export interface VersionRunner {
  readonly acquire: (id: ServableId) => ServableHandle<MirrorTarget>
  readonly clock: Clock
}

export interface HeldWork extends Omit<MirroredWork, 'suspects'> {
  readonly id: ServableId
  /** The version answered or failed. */
  readonly onEnd: (run: VersionRun) => void
  /** The version is not there, or was taken away: nobody's error. Nothing else is called afterwards that matters. */
  readonly onLost: (reason: unknown) => void
}

/**
 * Runs a mirrored batch on one version, under a handle of its own and for at most its `runTimeoutMs`. Resolves when the run has really
 * ended, also one that was given up; never rejects.
 */
export async function runHeld({ acquire, clock }: VersionRunner, work: HeldWork): Promise<void> {
  const { id, batch, isVoid, onRun, onEnd, onLost } = work
  let handle: ServableHandle<MirrorTarget>
  try {
    handle = acquire(id)
  } catch (error) {
    onLost(error)
    return
  }
  const onRevoked = () => onLost(handle.revoked.reason)
  handle.revoked.addEventListener('abort', onRevoked, { once: true })
  const { model, runTimeoutMs, suspects } = handle.servable
  const limited = new RunDeadline(model, { id, runTimeoutMs, clock })
  try {
    onEnd(inLiveForm(model, await answersOf(limited, { batch, suspects, isVoid, onRun })))
  } catch (error) {
    onLost(toPlatformError(error))
  }
  await limited.ended()
  handle.revoked.removeEventListener('abort', onRevoked)
  handle.release()
}

/** Times of another form say nothing about the one in which the version answers clients. */
function inLiveForm(model: ModelServable, run: VersionRun): VersionRun {
  const isOther = model.isInLiveForm?.() === false && run.runMs !== Number.POSITIVE_INFINITY
  return isOther ? { ...run, runMs: null } : run
}
