import type { NamedTensors } from '@understudy/core'
import { type ComparableAnswer, comparePair, rowAnswer } from '@understudy/rollout'
import { inputHash } from '@understudy/serving'
import type { ComparisonReply, ComparisonRequest } from './comparison-protocol.ts'
import type { ComparisonOrder, ComparisonTask, PairAnswers, PairFinding } from './comparison-run.ts'
import { FindingsPacker } from './packed-findings.ts'
import { unpackRuns } from './packed-runs.ts'

/** Compares every pair of all runs. A pair that cannot be compared costs the others nothing. */
export function answerComparison({ id, runs }: ComparisonRequest): ComparisonReply {
  const packer = new FindingsPacker()
  let failure: string | null = null
  for (const { plan, tasks } of unpackRuns(runs)) {
    const findings: PairFinding[] = []
    for (const task of tasks) {
      try {
        findings.push(findingOf(task, plan))
      } catch (error) {
        failure ??= error instanceof Error ? error.message : String(error)
      }
    }
    packer.addRun(findings)
  }
  return { id, findings: packer.packed, failure }
}

function findingOf({ pair, unitRow }: ComparisonTask, order: ComparisonOrder): PairFinding {
  const compared = comparePair(pair, order, unitRow)
  const inputs = order.storeInputs ? inputsOf(pair.inputs, compared.shownRow, pair.rows) : undefined
  const comparison = { ...compared, inputHash: inputHash(pair.inputs), inputs }
  if (!order.keepAnswers) return { comparison, answers: null }
  const answer = (side: ComparableAnswer) =>
    'outputs' in side ? rowAnswer(side.outputs, unitRow, pair.rows) : null
  const answers: PairAnswers = {
    row: unitRow,
    baseline: answer(pair.baseline),
    candidate: answer(pair.candidate),
  }
  return { comparison, answers }
}

/** The row that is shown; inputs that are too large to be kept are left out. */
function inputsOf(inputs: NamedTensors, row: number, rows: number): string | undefined {
  return rowAnswer(inputs, row, rows) ?? undefined
}
