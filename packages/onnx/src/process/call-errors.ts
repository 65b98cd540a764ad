import { type ErrorCode, PlatformError } from '@understudy/core'
import { mebibytes } from '../executor/memory-message.ts'
import type { FailureKind } from '../frames/frame.ts'
import { describeExit, diedOfMemory, type ExecutorExit } from './executor-exit.ts'
import { type ModelPlace, withoutFolders } from './model-place.ts'

/** What a pending call asked for. */
export type CallKind = 'load' | 'run' | 'other'

/** A failure that the executor reports and survives. */
export interface Failure {
  readonly kind: FailureKind
  readonly message: string
  readonly call: CallKind
  readonly place: ModelPlace
  /** 0 for none. */
  readonly memoryLimitBytes: number
}

const CODE_OF_FAILURE: Readonly<Record<FailureKind, ErrorCode>> = {
  load: 'onnx.load_failed',
  run: 'onnx.run_failed',
  memory: 'onnx.memory_limit',
  unsupported: 'onnx.unsupported',
  protocol: 'onnx.frame_invalid',
}

/** The whole text with which ONNX Runtime says that it may not open the file (EACCES): nothing of a model's own is in it. */
const MAY_NOT_READ = /^Load model from [^:\n]+ failed:\s*system error number 13\s*$/

/**
 * The error of a call that the executor answered with a failure. Paths of the node are left out of the message.
 *
 * A run that could not have its memory has only failed, for the process is well: `onnx.run_failed` with `details.outOfMemory`.
 */
export function failureError(failure: Failure): PlatformError {
  const { kind, message, call, place, memoryLimitBytes } = failure
  const text = withoutFolders(message, place)
  if (kind === 'load' && MAY_NOT_READ.test(text)) {
    return new PlatformError(
      'onnx.executor_unavailable',
      `The executor may not read ${place.fileName}; expected a data folder that its user may enter.`,
    )
  }
  if (kind !== 'memory') return new PlatformError(CODE_OF_FAILURE[kind], text)
  const limit = memoryLimitBytes > 0 ? `its memory limit of ${mebibytes(memoryLimitBytes)}` : 'the machine'
  const what = `The ${call} asked for more memory than ${limit} permits: ${text}`
  if (call !== 'run') return new PlatformError('onnx.memory_limit', what)
  return new PlatformError('onnx.run_failed', what, { details: { outOfMemory: true } })
}

/** How the calls of an executor were lost with it. */
export interface Loss {
  readonly exit: ExecutorExit
  /** What it sent against the protocol, if that is why it was ended. */
  readonly broken: PlatformError | undefined
  /** Its owner ended it: no call is to blame. */
  readonly isWanted: boolean
  /** 0 for none. */
  readonly memoryLimitBytes: number
}

/** One call of a {@link Loss}. */
export interface LostCall extends Loss {
  readonly call: CallKind
  readonly limitMs: number
  /** It was being carried out, so it may be the cause; the others only waited behind it. */
  readonly wasRunning: boolean
}

/** The error of a call whose executor ended before it answered. */
export function lossError(lost: LostCall): PlatformError {
  const { exit, wasRunning, call } = lost
  const details = { wasRunning, code: exit.code, signal: exit.signal, stderr: exit.stderrTail.slice(-2_000) }
  if (lost.isWanted) {
    return new PlatformError('serving.executor_lost', 'The executor was ended by its node.', { details })
  }
  const what = describeExit(exit, lost)
  if (!wasRunning) {
    const message = `The executor ${what} before it came to this ${call === 'other' ? 'call' : call}.`
    return new PlatformError('serving.executor_lost', message, { details })
  }
  if (lost.broken && call !== 'other') return lost.broken
  return new PlatformError(codeOfLoss(exit, call), messageOfLoss(what, call), { details })
}

function codeOfLoss(exit: ExecutorExit, call: CallKind): ErrorCode {
  if (call === 'other') return 'serving.executor_lost'
  if (exit.lastWord === 'runTimeout' || exit.lastWord === 'loadTimeout') {
    return call === 'load' ? 'onnx.load_timeout' : 'serving.run_timeout'
  }
  if (diedOfMemory(exit)) return 'onnx.memory_limit'
  return call === 'load' ? 'onnx.load_crashed' : 'onnx.run_crashed'
}

function messageOfLoss(what: string, call: CallKind): string {
  if (call === 'load') return `The process that loaded the model ${what}.`
  return call === 'run' ? `The executor ${what} during this run.` : `The executor ${what}.`
}
