import { type ErrorCode, PlatformError, versionName } from '@understudy/core'
import type { ServableId } from '../../servable.ts'
import type { HarmKind, Refusal } from './refused-inputs.ts'

interface Harm {
  /** What the input does, after "this input". */
  readonly does: string
  /** Code of the error that the confirmed input gets. */
  readonly code: ErrorCode
}

const HARMS = {
  crash: { does: 'ends the process of the model', code: 'onnx.run_crashed' },
  hang: { does: 'runs longer than its limit', code: 'serving.run_timeout' },
  memory: { does: 'needs more memory than its limit', code: 'onnx.run_failed' },
  frame: { does: 'makes the process of the model answer what cannot be read', code: 'onnx.run_failed' },
} as const satisfies Record<HarmKind, Harm>

/** What befell the executor, from the error that the run got. */
export function harmKindOf({ code }: PlatformError): HarmKind {
  switch (code) {
    case 'serving.run_timeout':
      return 'hang'
    case 'onnx.memory_limit':
      return 'memory'
    case 'onnx.frame_invalid':
      return 'frame'
    default:
      return 'crash'
  }
}

/** The error of an input that did it again, alone. */
export function confirmedError(id: ServableId, error: PlatformError): PlatformError {
  const { code, does } = HARMS[harmKindOf(error)]
  const name = versionName(id.name, id.version)
  return new PlatformError(code, `${name}: this input ${does}, also when it runs alone. ${error.message}`, {
    cause: error,
  })
}

/** The error of an input that is not run because of what it did before. */
export function refusedError(id: ServableId, { kind, forMs }: Refusal): PlatformError {
  const name = versionName(id.name, id.version)
  const seconds = Math.ceil(forMs / 1_000)
  return new PlatformError(
    'serving.input_refused',
    `${name} refuses this input for another ${seconds} s: it ${HARMS[kind].does}.`,
  )
}
