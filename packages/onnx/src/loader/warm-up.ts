import { isPlatformError, type NamedTensors, type Signature } from '@understudy/core'
import type { WarmUpReport } from '@understudy/serving'
import type { RunModel } from '../golden/check-golden.ts'
import { syntheticInputs } from '../golden/synthetic-inputs.ts'

const ROUNDS = 3
const MAX_INPUTS = 8

export interface WarmUpPlan {
  /** Golden requests; without any, inputs are made up. */
  readonly inputs: readonly NamedTensors[]
  readonly signature: Signature
}

/**
 * Runs the model a few times so that its memory and caches are in place before the first request.
 *
 * @throws PlatformError what a golden request makes `run` throw. A model may refuse made-up inputs.
 */
export async function warmUp(plan: WarmUpPlan, run: RunModel, signal: AbortSignal): Promise<WarmUpReport> {
  const startedAt = performance.now()
  const golden = plan.inputs.slice(0, MAX_INPUTS)
  const madeUp = golden.length > 0 ? undefined : syntheticInputs(plan.signature, 1)
  const inputs = madeUp ? [madeUp] : golden
  let runs = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const request of inputs) {
      if (signal.aborted) return { runs, tookMs: performance.now() - startedAt }
      try {
        await run(request)
        runs += 1
      } catch (error) {
        if (!madeUp || !isPlatformError(error) || error.code !== 'onnx.run_failed') throw error
      }
    }
  }
  return { runs, tookMs: performance.now() - startedAt }
}
