import {
  type NamedTensors,
  type PlatformError,
  RowCutter,
  stackRows,
  type Tensor,
  toPlatformError,
} from '@understudy/core'
import type { PairAnswer } from '../mirror-sink.ts'
import type { ModelServable } from '../servable.ts'
import { unfilledData } from './unfilled-data.ts'

/** What of a request matters for running it. */
export interface RunnableRequest {
  readonly inputs: NamedTensors
  /** Size of its batch axis. */
  readonly rows: number
}

/** One run of all requests; its answers are cut apart only when someone asks for them. */
export interface FinishedRun {
  readonly failed: number
  /** The model alone, all runs together. Milliseconds. */
  readonly runTimeMs: number
  /** In the order of the requests. */
  answers(): readonly PairAnswer[]
}

/** The inputs of all requests as one, in order. The caller has checked that they fit. */
export function stackInputs(requests: readonly RunnableRequest[]): NamedTensors {
  const [first] = requests
  if (first === undefined || requests.length === 1) return first?.inputs ?? new Map()
  const stacked = new Map<string, Tensor>()
  for (const name of first.inputs.keys()) {
    const parts: Tensor[] = []
    for (const { inputs } of requests) {
      const part = inputs.get(name)
      if (part !== undefined) parts.push(part)
    }
    stacked.set(name, stackRows(parts, unfilledData))
  }
  return stacked
}

/**
 * Runs all requests as one batch. Where the model fails the batch, or does not keep the batch axis, every request is run alone, so a bad
 * row fails only its own request. Never rejects.
 */
export async function runRequests(
  servable: ModelServable,
  requests: readonly RunnableRequest[],
  stacked: NamedTensors,
): Promise<FinishedRun> {
  if (requests.length > 1 && !servable.batchable) return runSingly(servable, requests)
  const { answer, runTimeMs } = await runOnce(servable, stacked)
  if (requests.length === 1) return finished([answer], runTimeMs)
  if ('error' in answer) {
    if (answer.error.code === 'onnx.run_failed') return runSingly(servable, requests)
    return finished(requests.map(() => answer))
  }
  const rows = requests.reduce((sum, request) => sum + request.rows, 0)
  if (!keepsRows(answer.outputs, rows)) return runSingly(servable, requests)
  return { failed: 0, runTimeMs, answers: () => cutApart(answer.outputs, requests) }
}

/** Every request failed for the same reason, before anything ran. */
export function failedRun(requests: readonly RunnableRequest[], error: PlatformError): FinishedRun {
  return finished(requests.map(() => ({ error })))
}

async function runSingly(
  servable: ModelServable,
  requests: readonly RunnableRequest[],
): Promise<FinishedRun> {
  const answers: PairAnswer[] = []
  let totalMs = 0
  for (const request of requests) {
    const { answer, runTimeMs } = await runOnce(servable, request.inputs)
    answers.push(answer)
    totalMs += runTimeMs
  }
  return finished(answers, totalMs)
}

interface OneRun {
  readonly answer: PairAnswer
  readonly runTimeMs: number
}

async function runOnce(servable: ModelServable, inputs: NamedTensors): Promise<OneRun> {
  try {
    const { outputs, runTimeMs } = await servable.run(inputs)
    return { answer: { outputs }, runTimeMs }
  } catch (error) {
    return { answer: { error: toPlatformError(error) }, runTimeMs: 0 }
  }
}

function finished(answers: readonly PairAnswer[], runTimeMs = 0): FinishedRun {
  const failed = answers.filter((answer) => 'error' in answer).length
  return { failed, runTimeMs, answers: () => answers }
}

function keepsRows(outputs: NamedTensors, rows: number): boolean {
  for (const output of outputs.values()) if (output.shape[0] !== rows) return false
  return true
}

function cutApart(outputs: NamedTensors, requests: readonly RunnableRequest[]): readonly PairAnswer[] {
  const cutters: { readonly name: string; readonly cutter: RowCutter }[] = []
  for (const [name, tensor] of outputs) cutters.push({ name, cutter: new RowCutter(tensor) })
  return requests.map(({ rows }) => {
    const own = new Map<string, Tensor>()
    for (const { name, cutter } of cutters) own.set(name, cutter.next(rows))
    return { outputs: own }
  })
}
