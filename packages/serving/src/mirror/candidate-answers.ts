import type { PairAnswer } from '../mirror-sink.ts'
import { runRequests, stackInputs } from '../predict/run-requests.ts'
import type { SuspectIsolation } from '../predict/suspect/suspect-isolation.ts'
import type { ModelServable } from '../servable.ts'
import type { MirrorableBatch } from './batch-mirror.ts'

export interface MirroredWork {
  readonly batch: MirrorableBatch
  readonly suspects: SuspectIsolation
  /** Once it has ended, nothing more is found out. */
  readonly ticket: { readonly ended: boolean }
}

/**
 * What the candidate answers to a mirrored batch. A refused input is its error without a run; inputs that end its process are found
 * out as for clients. Never rejects.
 *
 * When no input of a run ends the process again, nobody knows which one did: the loss stays the error of the run.
 */
export async function answersOf(
  candidate: ModelServable,
  work: MirroredWork,
): Promise<readonly PairAnswer[]> {
  const { suspects, batch } = work
  const refusals = batch.requests.map(({ inputs }) => suspects.refusal(inputs))
  const open = batch.requests.filter((_request, index) => refusals[index] === undefined)
  const inputs = open.length === batch.requests.length ? batch.inputs : stackInputs(open)
  const answers =
    open.length === 0
      ? []
      : await runOpen(candidate, { ...work, batch: { ...batch, requests: open, inputs } })
  let next = 0
  return refusals.flatMap((error) => (error === undefined ? (answers[next++] ?? []) : { error }))
}

async function runOpen(candidate: ModelServable, work: MirroredWork): Promise<readonly PairAnswer[]> {
  const { suspects, batch, ticket } = work
  const run = await runRequests(candidate, batch.requests, batch.inputs)
  const answers = run.answers()
  if (run.failed === 0 || !answers.some((answer) => suspects.isSuspect(answer))) return answers
  const requests = batch.requests.map(({ inputs }) => ({
    inputs,
    isSettled: false,
    get isVoid() {
      return ticket.ended
    },
  }))
  const found = await suspects.isolate(requests, answers)
  return found.some(isConfirmed) ? found : answers
}

function isConfirmed(answer: PairAnswer): boolean {
  return 'error' in answer && answer.confirmed === true
}
