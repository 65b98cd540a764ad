import { type Clock, type NamedTensors, type PlatformError, toPlatformError } from '@understudy/core'
import type { PairAnswer } from '../../mirror-sink.ts'
import type { ServingObserver } from '../../observer.ts'
import type { ModelServable, ServableId } from '../../servable.ts'
import { isSuspectError } from '../../suspect-error.ts'
import { confirmedError, harmKindOf, refusedError } from './harm.ts'
import type { RefusedInputs } from './refused-inputs.ts'

/** A request of a run under which the executor ended. */
export interface SuspectRequest {
  readonly inputs: NamedTensors
  /** Nobody waits for its answer any more: it is run last, only to find out whether it is the cause. */
  readonly isSettled: boolean
  /** The version is being taken away, or its run is lost: what would be found out is of no use. */
  readonly isVoid?: boolean
}

export interface SuspectIsolationOptions {
  readonly id: ServableId
  readonly digest: string
  readonly servable: ModelServable
  readonly refused: RefusedInputs
  readonly clock: Clock
  readonly observer: ServingObserver
}

/** Called for each answer as it comes. Must not throw. */
export type OnAnswer = (index: number, answer: PairAnswer) => void

/**
 * Finds out which input of a run ended the executor: each runs alone, one after the other, in a process that is there for nothing else.
 *
 * An input that does it again is confirmed: it alone gets an error, is told to the observer, and is refused for a while. One isolation
 * of a version at a time; others wait. Live traffic does not.
 */
export class SuspectIsolation {
  readonly #options: SuspectIsolationOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: SuspectIsolationOptions) {
    this.#options = options
  }

  /** When an input was refused last, by the monotonic clock; before all time while none is refused. */
  get refusedSinceMs(): number {
    const { refused } = this.#options
    return refused.isEmpty ? Number.NEGATIVE_INFINITY : refused.listedAtMs
  }

  /** Why these inputs are not run; undefined when they may be. */
  refusal(inputs: NamedTensors): PlatformError | undefined {
    const { id, refused } = this.#options
    const refusal = refused.find(inputs)
    return refusal && refusedError(id, refusal)
  }

  /** Whether this answer is not the last word: its request may be run alone. */
  isSuspect(answer: PairAnswer | undefined): boolean {
    return (
      this.#options.servable.runAlone !== undefined &&
      answer !== undefined &&
      'error' in answer &&
      isSuspectError(answer.error)
    )
  }

  /**
   * Runs every suspect of a run alone and resolves with all answers, in the order of the requests. What is not suspect keeps the answer
   * that it has. Those that somebody waits for come first; the others follow, since an input that hangs is found only after its client
   * has given up, and would cost everybody `runTimeoutMs` again each time it came. Never rejects.
   */
  isolate(
    requests: readonly SuspectRequest[],
    answers: readonly PairAnswer[],
    onAnswer: OnAnswer = () => {},
  ): Promise<readonly PairAnswer[]> {
    const turn = this.#last.then(() => this.#runEach(requests, answers, onAnswer))
    this.#last = turn
    return turn
  }

  async #runEach(
    requests: readonly SuspectRequest[],
    answers: readonly PairAnswer[],
    onAnswer: OnAnswer,
  ): Promise<readonly PairAnswer[]> {
    const final = [...answers]
    const runOne = async (index: number, { inputs, isVoid }: SuspectRequest) => {
      if (isVoid) return
      const answer = await this.#runAlone(inputs)
      final[index] = answer
      onAnswer(index, answer)
    }
    const suspects = [...requests.entries()].filter(([index]) => this.isSuspect(answers[index]))
    const givenUp: typeof suspects = []
    for (const [index, request] of suspects) {
      if (request.isSettled) givenUp.push([index, request])
      else await runOne(index, request)
    }
    for (const [index, request] of givenUp) await runOne(index, request)
    return final
  }

  async #runAlone(inputs: NamedTensors): Promise<PairAnswer> {
    const refusal = this.refusal(inputs)
    if (refusal !== undefined) return { error: refusal }
    try {
      const result = await this.#options.servable.runAlone?.(inputs)
      return { outputs: result?.outputs ?? new Map() }
    } catch (error) {
      return isSuspectError(error) ? this.#confirm(inputs, error) : { error: toPlatformError(error) }
    }
  }

  #confirm(inputs: NamedTensors, error: PlatformError): PairAnswer {
    const { id, digest, refused, clock, observer } = this.#options
    const kind = harmKindOf(error)
    const hash = refused.add(inputs, kind)
    const { message } = error
    observer.incident({ id, digest, kind, message, atMs: clock.now(), confirmedInput: hash })
    return { error: confirmedError(id, error), confirmed: true }
  }
}
