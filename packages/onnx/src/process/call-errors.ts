import path from 'node:path'
import { type ErrorCode, PlatformError } from '@understudy/core'
import type { FailureKind } from '../frames/frame.ts'
import { describeExit, diedOfMemory, type ExecutorExit } from './executor-exit.ts'

/** What a pending call asked for. */
export type CallKind = 'load' | 'run' | 'other'

const CODE_OF_FAILURE: Readonly<Record<FailureKind, ErrorCode>> = {
  load: 'onnx.load_failed',
  run: 'onnx.run_failed',
  memory: 'onnx.memory_limit',
  unsupported: 'onnx.unsupported',
  protocol: 'onnx.frame_invalid',
}

/** The whole text with which ONNX Runtime says that it may not open the file (EACCES): nothing of a model's own is in it. */
const MAY_NOT_READ = /^Load model from [^:\n]+ failed:\s*system error number 13\s*$/

/** The error of a call that the executor answered with a failure. Paths of the node are left out of the message. */
export function failureError(kind: FailureKind, message: string, modelPath: string): PlatformError {
  const text = modelPath === '' ? message : message.replaceAll(modelPath, path.basename(modelPath))
  if (kind === 'load' && MAY_NOT_READ.test(text)) {
    return new PlatformError(
      'onnx.executor_unavailable',
      `The executor may not read ${path.basename(modelPath)}; expected a data folder that its user may enter.`,
    )
  }
  return new PlatformError(CODE_OF_FAILURE[kind], text)
}

/**
 * The error of a call whose executor ended before it answered.
 *
 * @param wasRunning the call was the one being carried out, so it may be the cause; the others only waited behind it.
 */
export function lossError(exit: ExecutorExit, kind: CallKind, wasRunning: boolean): PlatformError {
  const details = { wasRunning, code: exit.code, signal: exit.signal, stderr: exit.stderrTail.slice(-2_000) }
  const what = describeExit(exit)
  if (!wasRunning) {
    return new PlatformError('serving.executor_lost', `The executor ${what} before it came to this run.`, {
      details,
    })
  }
  return new PlatformError(codeOfLoss(exit, kind), messageOfLoss(what, kind), { details })
}

function codeOfLoss(exit: ExecutorExit, kind: CallKind): ErrorCode {
  const isTime = exit.lastWord === 'runTimeout' || exit.lastWord === 'loadTimeout'
  if (kind === 'load') {
    if (isTime) return 'onnx.load_timeout'
    return diedOfMemory(exit) ? 'onnx.memory_limit' : 'onnx.load_crashed'
  }
  if (kind === 'run' && isTime) return 'serving.run_timeout'
  return kind === 'run' && diedOfMemory(exit) ? 'onnx.memory_limit' : 'serving.executor_lost'
}

function messageOfLoss(what: string, kind: CallKind): string {
  if (kind === 'load') return `The process that loaded the model ${what}.`
  return kind === 'run' ? `The executor ${what} during this run.` : `The executor ${what}.`
}
