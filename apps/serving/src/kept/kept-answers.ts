import type { Clock, MirrorPlan, NamedTensors } from '@understudy/core'
import type { KeptAnswerRow } from '@understudy/db/node'
import { rowAnswer } from '@understudy/rollout'
import type { AnswerKeeper, OfferedRequest, PairSource } from '@understudy/serving'
import type { PairFinding } from '../comparison/comparison-run.ts'
import type { PairKeeper } from '../comparison/evidence-collector.ts'
import type { PlannedSeries } from '../node/mirrored-series.ts'

/** Answers that wait to be stored; while the record is away for longer, further ones are dropped. */
const WAITING_MAX = 10_000
/** Stored at a time: a few megabytes at most. */
const BATCH_MAX = 1_000

export interface KeptAnswersOptions {
  readonly seriesOf: (seriesId: string) => PlannedSeries | undefined
  /** Uniform in [0, 1): draws the row of a live answer. */
  readonly random: () => number
  readonly clock: Pick<Clock, 'now'>
}

/** Answers that were to be kept and are not, since the start. */
export interface DroppedAnswers {
  /** Of which one row is longer than is kept. */
  readonly tooLarge: number
  /** For which there was no room. */
  readonly noRoom: number
}

/**
 * Holds answers until they are stored: of pairs both versions' in the row that counts, of live requests outside of rollouts one row drawn at
 * random. Bounded; what does not fit is dropped and counted, never waited for.
 */
export class KeptAnswers implements AnswerKeeper, PairKeeper {
  readonly #options: KeptAnswersOptions
  #waiting: KeptAnswerRow[] = []
  #tooLarge = 0
  #noRoom = 0

  constructor(options: KeptAnswersOptions) {
    this.#options = options
  }

  get dropped(): DroppedAnswers {
    return { tooLarge: this.#tooLarge, noRoom: this.#noRoom }
  }

  offer(
    model: string,
    version: { readonly number: number; readonly digest: string },
    { requestId, rows }: OfferedRequest,
    outputs: NamedTensors,
  ): void {
    const row = Math.floor(this.#options.random() * rows)
    const answer = rowAnswer(outputs, row, rows)
    if (answer === null) this.#tooLarge += 1
    else this.#add({ ...this.#head(model, requestId), ...version, row, pair: null, source: 'live', answer })
  }

  keep({ seriesId, step }: MirrorPlan, source: PairSource, findings: readonly PairFinding[]): void {
    const series = this.#options.seriesOf(seriesId)
    if (series === undefined) return
    for (const { comparison, answers } of findings) {
      if (answers === null) continue
      const rest = { row: answers.row, pair: { seriesId, step }, source }
      for (const side of ['baseline', 'candidate'] as const) {
        const { number, digest } = series[side]
        const answer = answers[side]
        const head = this.#head(series.model, comparison.requestId)
        if (answer !== null) this.#add({ ...head, number, digest, ...rest, answer })
        else if (!comparison[`${side}Failed`]) this.#tooLarge += 1
      }
    }
  }

  /** The oldest that are not stored. */
  pending(): readonly KeptAnswerRow[] {
    return this.#waiting.slice(0, BATCH_MAX)
  }

  /** These, which {@link KeptAnswers.pending} has told, are stored. */
  stored(answers: readonly KeptAnswerRow[]): void {
    const stored = new Set(answers)
    this.#waiting = this.#waiting.filter((answer) => !stored.has(answer))
  }

  #head(model: string, requestId: string) {
    return { model, requestId, atMs: this.#options.clock.now() }
  }

  #add(answer: KeptAnswerRow): void {
    if (this.#waiting.length >= WAITING_MAX) this.#noRoom += 1
    else this.#waiting.push(answer)
  }
}
