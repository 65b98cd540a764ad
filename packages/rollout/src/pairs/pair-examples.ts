import type { AnswerSummary, PairComparison } from '../comparators/compare-pair.ts'
import { hashText } from './draw.ts'
import { RankedList } from './ranked-list.ts'

/** Why a pair is kept for people: drawn at random, among those that differ most, or failed by one version alone. */
export const EXAMPLE_KINDS = ['random', 'worst', 'failed'] as const
export type ExampleKind = (typeof EXAMPLE_KINDS)[number]

/** A pair to look at: outputs of one row. JSON-safe. Whoever stores one takes `inputs` out and encrypts them. */
export interface PairExample {
  readonly kind: ExampleKind
  readonly requestId: string
  readonly atMs: number
  readonly rows: number
  readonly shownRow: number
  /** Per output that differs: in how many rows, and how much. */
  readonly differing: readonly {
    readonly output: string
    readonly gate: boolean
    readonly rowsDiffering: number
    readonly magnitude: number
  }[]
  readonly baseline: AnswerSummary
  readonly candidate: AnswerSummary
  readonly inputHash?: string | undefined
  readonly inputs?: string | undefined
}

/** Bounded choice of pairs for display: a uniform sample of all, the worst disagreements, the failures of one version alone. */
export class PairExamples {
  readonly #salt: string
  readonly #lists: Readonly<Record<ExampleKind, RankedList<PairExample>>>

  constructor(salt: string, capacity: number) {
    this.#salt = salt
    this.#lists = {
      random: new RankedList(capacity),
      worst: new RankedList(capacity),
      failed: new RankedList(capacity),
    }
  }

  add(pair: PairComparison, atMs: number): void {
    // The highest hashes of all ids are a uniform sample without replacement, however many pairs there will be.
    const luck = hashText(pair.requestId, `${this.#salt}/example`)
    this.#lists.random.offer(luck, () => exampleOf('random', pair, atMs))
    const severity = severityOf(pair)
    if (severity > 0) this.#lists.worst.offer(severity, () => exampleOf('worst', pair, atMs))
    if (pair.baselineFailed !== pair.candidateFailed) {
      this.#lists.failed.offer(pair.candidateFailed ? 1 : 0, () => exampleOf('failed', pair, atMs))
    }
  }

  list(): readonly PairExample[] {
    return EXAMPLE_KINDS.flatMap((kind) => this.#lists[kind].items())
  }
}

/** Orders disagreements: first by the number of deciding outputs that differ, then by how much. */
function severityOf(pair: PairComparison): number {
  let [deciding, magnitude] = [0, 0]
  for (const output of pair.outputs) {
    if (output.rowsDiffering === 0) continue
    if (output.gate) deciding++
    magnitude = Math.max(magnitude, output.magnitude)
  }
  // Squeezed below 1, so that a huge difference in a shown output never outranks a deciding one.
  return deciding + magnitude / (1 + magnitude)
}

function exampleOf(kind: ExampleKind, pair: PairComparison, atMs: number): PairExample {
  return {
    kind,
    requestId: pair.requestId,
    atMs,
    rows: pair.rows,
    shownRow: pair.shownRow,
    differing: pair.outputs
      .filter((output) => output.rowsDiffering > 0)
      .map(({ output, gate, rowsDiffering, magnitude }) => ({ output, gate, rowsDiffering, magnitude })),
    baseline: pair.baseline,
    candidate: pair.candidate,
    inputHash: pair.inputHash,
    inputs: pair.inputs,
  }
}
