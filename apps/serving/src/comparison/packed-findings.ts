import type { AnswerSummary, InvariantBreach, OutputResult, PairComparison } from '@understudy/rollout'
import type { PairAnswers, PairFinding } from './comparison-run.ts'

/** Findings as they cross back: what counts as numbers; what is only looked at as text, which is read when somebody looks. */
export interface PackedFindings {
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}

/** What is read of a pair only when it becomes an example. */
interface Detail {
  readonly baseline: AnswerSummary
  readonly candidate: AnswerSummary
  readonly inputHash: string
  readonly inputs?: string | undefined
}

const BASELINE_FAILED = 1
const CANDIDATE_FAILED = 2
const BREACHED = 4
const ANSWERS = 8
const BASELINE_ANSWER = 16
const CANDIDATE_ANSWER = 32
/** No flip is any of these: 1, 0, -1. */
const NO_THRESHOLD = 2

/** Writes findings, run by run. */
export class FindingsPacker {
  readonly #numbers: number[] = []
  readonly #texts: string[] = []

  get packed(): PackedFindings {
    return { numbers: this.#numbers, texts: this.#texts }
  }

  addRun(findings: readonly PairFinding[]): void {
    this.#numbers.push(findings.length)
    for (const finding of findings) this.#addPair(finding)
  }

  #addPair({ comparison, answers }: PairFinding): void {
    const { requestId, rows, outputs, breach, shownRow, baseline, candidate, inputHash, inputs } = comparison
    const flags =
      (comparison.baselineFailed ? BASELINE_FAILED : 0) +
      (comparison.candidateFailed ? CANDIDATE_FAILED : 0) +
      (breach === null ? 0 : BREACHED) +
      flagsOf(answers)
    this.#numbers.push(flags, rows, shownRow, outputs.length)
    this.#texts.push(requestId, JSON.stringify({ baseline, candidate, inputHash, inputs }))
    for (const { output, gate, rowsDiffering, unitAgrees, flip, magnitude } of outputs) {
      this.#numbers.push(gate ? 1 : 0, rowsDiffering, unitAgrees ? 1 : 0, flip ?? NO_THRESHOLD, magnitude)
      this.#texts.push(output)
    }
    if (breach !== null) this.#texts.push(JSON.stringify(breach))
    if (answers === null) return
    this.#numbers.push(answers.row)
    for (const text of [answers.baseline, answers.candidate]) if (text !== null) this.#texts.push(text)
  }
}

function flagsOf(answers: PairAnswers | null): number {
  if (answers === null) return 0
  return (
    ANSWERS +
    (answers.baseline === null ? 0 : BASELINE_ANSWER) +
    (answers.candidate === null ? 0 : CANDIDATE_ANSWER)
  )
}

/** Of each run its findings again, in order. */
export function unpackFindings(packed: PackedFindings): readonly (readonly PairFinding[])[] {
  const reader = new Reader(packed)
  const runs: (readonly PairFinding[])[] = []
  while (reader.hasMore) {
    const findings: PairFinding[] = []
    for (let left = reader.number(); left > 0; left -= 1) findings.push(nextFinding(reader))
    runs.push(findings)
  }
  return runs
}

function nextFinding(reader: Reader): PairFinding {
  const flags = reader.number()
  const [rows, shownRow, outputCount] = [reader.number(), reader.number(), reader.number()]
  const [requestId, detail] = [reader.text(), reader.text()]
  const outputs: OutputResult[] = []
  for (let left = outputCount; left > 0; left -= 1) outputs.push(nextOutput(reader))
  const comparison = new UnreadComparison({
    requestId,
    rows,
    baselineFailed: (flags & BASELINE_FAILED) !== 0,
    candidateFailed: (flags & CANDIDATE_FAILED) !== 0,
    outputs,
    breach: (flags & BREACHED) === 0 ? null : (JSON.parse(reader.text()) as InvariantBreach),
    shownRow,
    detail,
  })
  if ((flags & ANSWERS) === 0) return { comparison, answers: null }
  const row = reader.number()
  const baseline = (flags & BASELINE_ANSWER) === 0 ? null : reader.text()
  const candidate = (flags & CANDIDATE_ANSWER) === 0 ? null : reader.text()
  return { comparison, answers: { row, baseline, candidate } }
}

function nextOutput(reader: Reader): OutputResult {
  const [gate, rowsDiffering, unitAgrees] = [reader.number(), reader.number(), reader.number()]
  return {
    output: reader.text(),
    gate: gate === 1,
    rowsDiffering,
    unitAgrees: unitAgrees === 1,
    flip: flipOf(reader.number()),
    magnitude: reader.number(),
  }
}

function flipOf(code: number): OutputResult['flip'] {
  return code === 1 || code === 0 || code === -1 ? code : null
}

class Reader {
  readonly #packed: PackedFindings
  #number = 0
  #text = 0

  constructor(packed: PackedFindings) {
    this.#packed = packed
  }

  get hasMore(): boolean {
    return this.#number < this.#packed.numbers.length
  }

  number(): number {
    return this.#packed.numbers[this.#number++] ?? 0
  }

  text(): string {
    return this.#packed.texts[this.#text++] ?? ''
  }
}

type Counted = Omit<PairComparison, 'baseline' | 'candidate' | 'inputHash' | 'inputs'>

/** A comparison whose details are read when they are asked for: few pairs become examples. */
class UnreadComparison implements PairComparison {
  readonly requestId: string
  readonly rows: number
  readonly baselineFailed: boolean
  readonly candidateFailed: boolean
  readonly outputs: readonly OutputResult[]
  readonly breach: InvariantBreach | null
  readonly shownRow: number
  #detail: string | Detail

  constructor(counted: Counted & { readonly detail: string }) {
    this.requestId = counted.requestId
    this.rows = counted.rows
    this.baselineFailed = counted.baselineFailed
    this.candidateFailed = counted.candidateFailed
    this.outputs = counted.outputs
    this.breach = counted.breach
    this.shownRow = counted.shownRow
    this.#detail = counted.detail
  }

  get baseline(): AnswerSummary {
    return this.#read().baseline
  }

  get candidate(): AnswerSummary {
    return this.#read().candidate
  }

  get inputHash(): string {
    return this.#read().inputHash
  }

  get inputs(): string | undefined {
    return this.#read().inputs
  }

  #read(): Detail {
    if (typeof this.#detail === 'string') this.#detail = JSON.parse(this.#detail) as Detail
    return this.#detail
  }
}
