import type { NamedTensors } from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import { type RunnableRequest, runRequests, stackInputs } from '../predict/run-requests.ts'
import type { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ModelServable } from '../servable.ts'
import { isSuspectError } from '../suspect-error.ts'

/** A batch as the second version of its pair runs it. */
export interface MirroredBatch {
  readonly requests: readonly RunnableRequest[]
  /** All inputs stacked, as the first version gets them. */
  readonly inputs: NamedTensors
}

export interface MirroredWork {
  readonly batch: MirroredBatch
  readonly suspects: SuspectIsolation
  /** Nobody wants the pair any more: nothing more is found out. */
  readonly isVoid: () => boolean
  /** Called with what the run itself answered, before suspects are looked for. */
  readonly onRun: (answers: readonly PairAnswer[], runTimeMs: number) => void
}

/** What one version made of a mirrored batch. */
export interface VersionRun {
  readonly answers: readonly PairAnswer[]
  /** Of the model alone; `Infinity` for a run that was given up or ended; null: nothing was measured. */
  readonly runMs: number | null
}

/**
 * What a version answers to a mirrored batch. A refused input is its error without a run; inputs that end its process are found out as for
 * clients.
 *
 * When no input of a run ends the process again, nobody knows which one did: the loss stays the error of the run.
 */
export async function answersOf(version: ModelServable, work: MirroredWork): Promise<VersionRun> {
  const { suspects, batch } = work
  const refusals = batch.requests.map(({ inputs }) => suspects.refusal(inputs))
  const open = batch.requests.filter((_request, index) => refusals[index] === undefined)
  const all = (answers: readonly PairAnswer[]) => inPlace(refusals.map(refused), answers)
  if (open.length === 0) {
    work.onRun(all([]), 0)
    return { answers: all([]), runMs: null }
  }
  const inputs = open.length === batch.requests.length ? batch.inputs : stackInputs(open)
  const run = await runRequests(version, open, inputs)
  const answers = run.answers()
  work.onRun(all(answers), run.runTimeMs)
  const wasEnded = run.failed > 0 && answers.some((answer) => suspects.isSuspect(answer))
  const final = wasEnded ? await found(open, answers, work) : answers
  return { answers: all(final), runMs: measured(run.runTimeMs, answers) }
}

/** How long a run took, from what it answered before suspects were looked for. */
export function measured(runTimeMs: number, answers: readonly PairAnswer[]): number | null {
  if (answers.some((answer) => 'error' in answer && isSuspectError(answer.error)))
    return Number.POSITIVE_INFINITY
  return runTimeMs > 0 ? runTimeMs : null
}

async function found(
  open: readonly RunnableRequest[],
  answers: readonly PairAnswer[],
  { suspects, isVoid }: MirroredWork,
): Promise<readonly PairAnswer[]> {
  const requests = open.map(({ inputs }) => ({
    inputs,
    isSettled: false,
    get isVoid() {
      return isVoid()
    },
  }))
  const final = await suspects.isolate(requests, answers)
  return final.some(isConfirmed) ? final : answers
}

function refused(error: ReturnType<SuspectIsolation['refusal']>): PairAnswer | undefined {
  return error && { error }
}

/** The answers of the others between those that are known already. */
function inPlace(
  known: readonly (PairAnswer | undefined)[],
  others: readonly PairAnswer[],
): readonly PairAnswer[] {
  let next = 0
  return known.flatMap((answer) => answer ?? others[next++] ?? [])
}

function isConfirmed(answer: PairAnswer): boolean {
  return 'error' in answer && answer.confirmed === true
}
