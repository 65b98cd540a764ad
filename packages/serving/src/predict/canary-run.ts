import type { Clock, PlatformError } from '@understudy/core'
import type { SecondClients } from '../mirror/mirror-lane.ts'
import type { PairAnswer } from '../mirror-sink.ts'
import { fillTimesOf } from './batch-times.ts'
import type { BatchReceiver, PendingRequest } from './pending-request.ts'
import type { OtherVersion, StandIn } from './stand-in.ts'

const OF_A_PAIR = { mirrored: true }

interface Given {
  readonly index: number
  readonly pending: PendingRequest
  readonly standIn: StandIn
}

/**
 * The requests of one sampled batch that the version on trial answers: each is answered as soon as that version has run, or by what the
 * other one answered to the same batch.
 */
export class CanaryRun implements SecondClients {
  readonly #clock: Clock
  readonly #beganMs: number
  readonly #given: Given[] = []
  readonly #waiting: { readonly index: number; readonly receiver: BatchReceiver }[] = []
  #otherAnswers: readonly PairAnswer[] | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#beganMs = clock.monotonicMs()
  }

  give(given: Given): void {
    this.#given.push(given)
  }

  /** The other version, which runs the same batch anyway. */
  otherOf(index: number): OtherVersion {
    return {
      ask: (receiver) => {
        this.#askOther(index, receiver)
        return true
      },
      isBusy: () => false,
    }
  }

  answered(answers: readonly PairAnswer[], runTimeMs: number): void {
    const batchMs = this.#clock.monotonicMs() - this.#beganMs
    for (const { index, pending, standIn } of this.#given) {
      const answer = answers[index]
      if (answer === undefined) continue
      if ('error' in answer) standIn.failed(answer.error)
      else {
        fillTimesOf(pending, { beganMs: this.#beganMs, batchMs, runMs: runTimeMs })
        standIn.answered(answer.outputs)
      }
    }
  }

  failed(error: PlatformError): void {
    for (const { standIn } of this.#given) standIn.failed(error)
  }

  otherAnswered(answers: readonly PairAnswer[]): void {
    this.#otherAnswers = answers
    for (const { index, receiver } of this.#waiting.splice(0)) this.#askOther(index, receiver)
  }

  #askOther(index: number, receiver: BatchReceiver): void {
    const answer = this.#otherAnswers?.[index]
    if (answer === undefined) this.#waiting.push({ index, receiver })
    else if ('error' in answer) receiver.failed(answer.error)
    else receiver.answered(answer.outputs, OF_A_PAIR)
  }
}
