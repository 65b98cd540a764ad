import { isPlatformError, type NamedTensors, type Signature } from '@understudy/core'
import type { WarmUpReport } from '@understudy/serving'
import type { RunModel } from '../golden/check-golden.ts'
import { syntheticInputs } from '../golden/synthetic-inputs.ts'

const ROUNDS = 3
const MAX_INPUTS = 8

export interface WarmUpPlan {
  /** Golden requests: the model must take them. */
  readonly golden: readonly NamedTensors[]
  /** What clients sent to an earlier version, for a model without golden requests. Without any, inputs are made up. */
  readonly captured: readonly NamedTensors[]
  readonly signature: Signature
  /** Someone waits: one run must do. */
  readonly isHasty?: boolean | undefined
}

/**
 * Runs the model a few times so that its memory and caches are in place before the first request.
 *
 * @throws PlatformError what a golden request makes `run` throw. A model may refuse other inputs.
 */
export async function warmUp(plan: WarmUpPlan, run: RunModel, signal: AbortSignal): Promise<WarmUpReport> {
  const startedAt = performance.now()
  const inputs = inputsOf(plan).slice(0, plan.isHasty ? 1 : MAX_INPUTS)
  const mayRefuse = plan.golden.length === 0
  let runs = 0
  for (let round = 0; round < (plan.isHasty ? 1 : ROUNDS); round++) {
    for (const request of inputs) {
      if (signal.aborted) return { runs, tookMs: performance.now() - startedAt }
      try {
        await run(request)
        runs += 1
      } catch (error) {
        if (!mayRefuse || !isPlatformError(error) || error.code !== 'onnx.run_failed') throw error
      }
    }
  }
  return { runs, tookMs: performance.now() - startedAt }
}

function inputsOf({ golden, captured, signature }: WarmUpPlan): readonly NamedTensors[] {
  if (golden.length > 0) return golden
  if (captured.length > 0) return captured
  const madeUp = syntheticInputs(signature, 1)
  return madeUp === undefined ? [] : [madeUp]
}
