import type { InferenceResponse } from '@understudy/core'
import type { Protocol } from '@understudy/serving'
import type { CallScope } from './call-scope.ts'
import { PredictionRun, type WantedPrediction } from './prediction-run.ts'
import type { CallContext } from './unary-call.ts'

/** One prediction of a call that asks for several. The observer is told when it has its answer. */
export function predictOnce(
  { observer }: CallContext,
  on: { readonly scope: CallScope; readonly protocol: Protocol },
  wanted: WantedPrediction,
): Promise<InferenceResponse> {
  return new Promise((resolve, reject) => {
    const outcome = { answered: resolve, failed: reject }
    new PredictionRun(on.scope, { protocol: on.protocol, observer, outcome }).start(() => wanted)
  })
}
