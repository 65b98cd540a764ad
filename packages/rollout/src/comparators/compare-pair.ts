import type { NamedTensors, OutputComparison, Tensor, TensorSpec } from '@understudy/core'
import { alignOutput } from './aligned-output.ts'
import { type OutputSummary, summarizeRow } from './answer-summary.ts'
import type { ComparableAnswer } from './comparable-answer.ts'
import { comparatorOf } from './comparator-of.ts'
import { type CrashBreach, findCrashBreach } from './crash-breach.ts'
import { findParityBreach, type ParityBreach } from './parity-breach.ts'
import { type Flip, NO_MEASURE } from './row-comparator.ts'
import { overlapOf } from './set-overlap.ts'

/** One request run by both versions. `rows` is the size of its batch axis, 1 where there is none. */
export interface ComparablePair {
  readonly requestId: string
  readonly rows: number
  readonly inputs: NamedTensors
  readonly baseline: ComparableAnswer
  readonly candidate: ComparableAnswer
}

/** How pairs of one series are compared. */
export interface ComparisonPlan {
  readonly compare: Readonly<Record<string, OutputComparison>>
  /** Outputs of the baseline's signature. */
  readonly outputs: readonly TensorSpec[]
}

/** How one output of a pair compares. */
export interface OutputResult {
  readonly output: string
  readonly gate: boolean
  readonly rowsDiffering: number
  /** Whether the drawn row agrees: the unit that counts. */
  readonly unitAgrees: boolean
  /** Which way the drawn row went; null for an output that is not compared with a threshold. */
  readonly flip: Flip | null
  /** Of the row that differs most; 0 when all agree. */
  readonly magnitude: number
}

/** What a version answered, for display: one row of its outputs, or the code of its error. */
export type AnswerSummary = { readonly outputs: readonly OutputSummary[] } | { readonly errorCode: string }

/** What one pair suffices for to fail a version. */
export type InvariantBreach = ParityBreach | CrashBreach

/** Everything that is kept of a pair. Plain data. */
export interface PairComparison {
  readonly requestId: string
  readonly rows: number
  readonly baselineFailed: boolean
  readonly candidateFailed: boolean
  /** One result per compared output; empty unless both versions answered. */
  readonly outputs: readonly OutputResult[]
  readonly breach: InvariantBreach | null
  /** The row that the summaries show: the one that differs most, else the drawn one. */
  readonly shownRow: number
  readonly baseline: AnswerSummary
  readonly candidate: AnswerSummary
  /** Names what was run without telling it; where somebody hashed it. */
  readonly inputHash?: string | undefined
  /** Inputs of the shown row as JSON; only where the policy stores them. */
  readonly inputs?: string | undefined
}

/**
 * Compares all rows of a pair, for display, and the drawn one, which counts.
 *
 * @param unitRow drawn at admission, 0 <= unitRow < pair.rows.
 */
export function comparePair(pair: ComparablePair, plan: ComparisonPlan, unitRow: number): PairComparison {
  const { requestId, rows, inputs, baseline, candidate } = pair
  const common = {
    requestId,
    rows,
    baselineFailed: 'errorCode' in baseline,
    candidateFailed: 'errorCode' in candidate,
  }
  if ('errorCode' in baseline || 'errorCode' in candidate) {
    return {
      ...common,
      outputs: [],
      breach: findCrashBreach(baseline, candidate),
      shownRow: unitRow,
      baseline: summarize(baseline, unitRow, rows),
      candidate: summarize(candidate, unitRow, rows),
    }
  }
  const answered = { inputs, baseline: baseline.outputs, candidate: candidate.outputs }
  const compared = compareOutputs(answered, plan, { rows, unitRow })
  return {
    ...common,
    outputs: compared.map((one) => one.result),
    breach: findParityBreach(answered, plan.outputs),
    ...shown(pair, compared, unitRow),
  }
}

interface ComparedOutput {
  readonly result: OutputResult
  readonly worstRow: number
}

interface Rows {
  readonly rows: number
  readonly unitRow: number
}

function compareOutputs(
  answered: { readonly baseline: NamedTensors; readonly candidate: NamedTensors },
  plan: ComparisonPlan,
  rows: Rows,
): readonly ComparedOutput[] {
  const compared: ComparedOutput[] = []
  for (const [name, baseline] of answered.baseline) {
    const comparison = Object.hasOwn(plan.compare, name) ? plan.compare[name] : undefined
    if (comparison === undefined) continue
    const candidate = answered.candidate.get(name)
    compared.push(compareOutput({ name, comparison }, { baseline, candidate }, rows))
  }
  return compared
}

function compareOutput(
  { name, comparison }: { readonly name: string; readonly comparison: OutputComparison },
  { baseline, candidate }: { readonly baseline: Tensor; readonly candidate: Tensor | undefined },
  { rows, unitRow }: Rows,
): ComparedOutput {
  const about = { output: name, gate: comparison.gate }
  const { compare } = comparison
  const nothing = { rowsDiffering: rows, unitAgrees: false, magnitude: NO_MEASURE }
  if (compare.kind === 'setOverlap') {
    const overlap = candidate === undefined ? null : overlapOf(baseline, candidate)
    const whole = overlap === null ? nothing : wholeOutput(overlap, compare.min)
    return { result: { ...about, ...whole, flip: null }, worstRow: unitRow }
  }
  const comparator = comparatorOf(compare, baseline.dtype)
  const aligned = candidate && alignOutput(compare, { baseline, candidate }, rows)
  if (!aligned) {
    const flip = comparator.flip === undefined ? null : 0
    return { result: { ...about, ...nothing, flip }, worstRow: unitRow }
  }
  const drawn = Math.min(unitRow, aligned.rows - 1)
  let [rowsDiffering, unitAgrees, magnitude, worstRow] = [0, true, 0, unitRow]
  for (let row = 0; row < aligned.rows; row++) {
    if (comparator.agrees(aligned, row)) continue
    rowsDiffering++
    if (row === drawn) unitAgrees = false
    const distance = comparator.magnitude(aligned, row)
    if (distance <= magnitude) continue
    magnitude = distance
    worstRow = row
  }
  const flip = comparator.flip?.(aligned, drawn) ?? null
  return { result: { ...about, rowsDiffering, unitAgrees, flip, magnitude }, worstRow }
}

/** A list is one unit, of however many rows it tells: what was found in one row cannot be told from another. */
function wholeOutput(overlap: number, min: number) {
  const unitAgrees = overlap >= min
  return { rowsDiffering: unitAgrees ? 0 : 1, unitAgrees, magnitude: unitAgrees ? 0 : 1 - overlap }
}

function shown(pair: ComparablePair, compared: readonly ComparedOutput[], unitRow: number) {
  const differing = compared.filter(({ result }) => result.rowsDiffering > 0)
  const [worst] = [...differing].sort(
    (left, right) =>
      Number(right.result.gate) - Number(left.result.gate) || right.result.magnitude - left.result.magnitude,
  )
  const shownRow = worst?.worstRow ?? unitRow
  return {
    shownRow,
    baseline: summarize(pair.baseline, shownRow, pair.rows),
    candidate: summarize(pair.candidate, shownRow, pair.rows),
  }
}

function summarize(answer: ComparableAnswer, row: number, rows: number): AnswerSummary {
  return 'errorCode' in answer
    ? { errorCode: answer.errorCode }
    : { outputs: summarizeRow(answer.outputs, row, rows) }
}
