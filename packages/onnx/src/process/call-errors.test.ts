import { PlatformError } from '@understudy/core'
import { isSuspectError } from '@understudy/serving'
import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../frames/frame.ts'
import { type CallKind, failureError, type LostCall, lossError } from './call-errors.ts'
import type { ExecutorExit } from './executor-exit.ts'

const MIB = 2 ** 20

describe('failureError', () => {
  const PATH = '/srv/data/quarantine/x/model.onnx'
  const place = { fileName: 'model.onnx', folders: ['/srv/data/quarantine/x', '/real/x'] }

  function failure(kind: FailureKind, message: string, call: CallKind = 'load') {
    return failureError({ kind, message, call, place, memoryLimitBytes: 512 * MIB })
  }

  it('leaves paths of the node out of what the author of the model reads', () => {
    expect(failure('load', `Load model from ${PATH} failed:bad protobuf`)).toMatchObject({
      code: 'onnx.load_failed',
      message: 'Load model from model.onnx failed:bad protobuf',
    })
    expect(failure('load', 'open "/srv/data/quarantine/x/weights.bin": none').message).toBe(
      'open "weights.bin": none',
    )
    expect(failure('load', 'open "/real/x/weights.bin": none').message).toBe('open "weights.bin": none')
  })

  it('blames the platform, not the model, for a file that the executor may not read', () => {
    const error = failure('load', `Load model from ${PATH} failed:system error number 13`)
    expect(error).toMatchObject({ code: 'onnx.executor_unavailable', fault: 'platform', retry: 'backoff' })
    expect(error.message).toContain('model.onnx')
  })

  it('is not fooled by a model that says so itself', () => {
    const claims = `Load model from ${PATH} failed:No Op registered for x failed:system error number 13`
    expect(failure('load', claims).fault).toBe('modelAuthor')
    const run = failure('run', `Load model from ${PATH} failed:system error number 13`, 'run')
    expect(run.code).toBe('onnx.run_failed')
  })

  it('takes a run that could not have its memory for failed, not for the suspect of a crash', () => {
    const error = failure('memory', 'std::bad_alloc', 'run')
    expect(error).toMatchObject({ code: 'onnx.run_failed', details: { outOfMemory: true } })
    expect(error.message).toContain('its memory limit of 512 MiB')
    expect(isSuspectError(error)).toBe(false)
    expect(failure('memory', 'std::bad_alloc', 'load').code).toBe('onnx.memory_limit')
  })
})

describe('lossError', () => {
  const crash: ExecutorExit = { code: null, signal: 'SIGSEGV', lastWord: undefined, stderrTail: '' }
  const lost: LostCall = {
    exit: crash,
    broken: undefined,
    isWanted: false,
    memoryLimitBytes: 512 * MIB,
    call: 'run',
    limitMs: 5_000,
    wasRunning: true,
  }
  const endings = {
    crash,
    time: { ...crash, signal: 'SIGKILL', lastWord: 'runTimeout' },
    memory: { ...crash, signal: 'SIGKILL', lastWord: 'memory' },
    abort: { ...crash, signal: 'SIGABRT', stderrTail: 'terminate called: std::bad_alloc' },
  } as const satisfies Record<string, ExecutorExit>

  it.each<[keyof typeof endings, CallKind, string, string]>([
    ['crash', 'run', 'onnx.run_crashed', 'was ended by SIGSEGV during this run'],
    ['crash', 'load', 'onnx.load_crashed', 'was ended by SIGSEGV'],
    ['crash', 'other', 'serving.executor_lost', 'was ended by SIGSEGV'],
    ['time', 'run', 'serving.run_timeout', 'exceeded its time limit of 5000 ms'],
    ['time', 'load', 'onnx.load_timeout', 'exceeded its time limit of 5000 ms'],
    ['memory', 'run', 'onnx.memory_limit', 'exceeded its memory limit of 512 MiB'],
    ['memory', 'load', 'onnx.memory_limit', 'exceeded its memory limit of 512 MiB'],
    ['memory', 'other', 'serving.executor_lost', 'exceeded its memory limit of 512 MiB'],
    ['abort', 'run', 'onnx.memory_limit', 'exceeded its memory limit of 512 MiB'],
  ])('after a %s, the %s that was being carried out is %s: "%s"', (ending, call, code, text) => {
    const error = lossError({ ...lost, exit: endings[ending], call })
    expect(error).toMatchObject({ code, details: { wasRunning: true } })
    expect(error.message).toContain(text)
    expect(isSuspectError(error)).toBe(call === 'run' || code === 'onnx.memory_limit')
  })

  it.each(Object.entries(endings))('after a %s, what only waited is no suspect', (_name, exit) => {
    const error = lossError({ ...lost, exit, wasRunning: false })
    expect(error).toMatchObject({ code: 'serving.executor_lost', details: { wasRunning: false } })
  })

  it('blames the run during which the executor broke the protocol', () => {
    const broken = new PlatformError('onnx.frame_invalid', 'x')
    expect(lossError({ ...lost, broken })).toBe(broken)
    expect(lossError({ ...lost, broken, wasRunning: false }).code).toBe('serving.executor_lost')
  })

  it('blames no run when the node itself ended the executor', () => {
    expect(lossError({ ...lost, isWanted: true })).toMatchObject({ code: 'serving.executor_lost' })
  })
})
