import { type CallCount, type PredictCall, scanPredictCalls } from '@understudy/api/predict'
import type { KnownTarget, LargeCall } from '@understudy/api/predict-codec'
import { PlatformError, type Signature } from '@understudy/core'
import type { LargeBodies } from './large-bodies.ts'

type Target = PredictCall['target']

/** A body often names all its models in front of its tensors; else it is read twice. */
const ROUNDS_MAX = 2

export interface LargeBodyReader {
  readonly largeBodies: LargeBodies
  readonly count: CallCount
  /** Undefined where there is no such version. */
  readonly signatureOf: (target: Target) => Signature | undefined
}

/**
 * Reads the calls of a large body off the loop. The bytes are gone afterwards.
 *
 * @throws PlatformError `request.malformed`, and as `LargeBodies` rejects
 */
export async function readLargeCalls(
  body: Uint8Array,
  { largeBodies, count, signatureOf }: LargeBodyReader,
): Promise<readonly LargeCall[]> {
  let bytes = body
  const knownOf = (target: Target): KnownTarget => ({ target, signature: signatureOf(target) })
  let known = firstTarget(bytes, count).map(knownOf)
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { decoded, bytes: again } = await largeBodies.decodeCalls(bytes, count, known)
    if (decoded.kind === 'calls') return decoded.calls
    if (decoded.kind === 'tooDeep') {
      throw new PlatformError('request.malformed', 'The body is nested too deep.')
    }
    known = [...known, ...decoded.targets.map(knownOf)]
    bytes = again ?? bytes
  }
  throw new PlatformError('platform.unexpected', 'The calls of a body are not for what they were for.')
}

/** The version that a usual body names first, found before its first tensor. */
function firstTarget(bytes: Uint8Array, count: CallCount): readonly Target[] {
  const targets: Target[] = []
  scanPredictCalls(bytes, count, (target) => {
    targets.push(target)
    return undefined
  })
  return targets
}

/** The call, with tensors that were read elsewhere; undefined for one that tRPC refuses. */
export function asPredictCall(call: LargeCall): PredictCall | undefined {
  switch (call.kind) {
    case 'refused':
      return undefined
    case 'failed': {
      const { target, code, message } = call
      const refuse = () => {
        throw new PlatformError(code, message)
      }
      return { target, outputs: undefined, timeoutMs: undefined, inputsFor: refuse }
    }
    case 'read': {
      const { target, outputs, timeoutMs, inputs } = call
      return { target, outputs, timeoutMs, inputsFor: () => inputs ?? notThen(target) }
    }
  }
}

function notThen({ model }: Target): never {
  throw new PlatformError(
    'serving.version_not_available',
    `The version of ${model} that the request is for was not there yet when it was read.`,
  )
}
