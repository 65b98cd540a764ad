import { isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import type { ExecutorExit } from '../process/executor-exit.ts'
import { OnnxServable, type RunningExecutor } from './onnx-servable.ts'
import { restartDelayMs, SOUND_AFTER_MS } from './restart-delay.ts'

const EXIT: ExecutorExit = { code: null, signal: 'SIGKILL', lastWord: undefined, stderrTail: '' }
const ANSWER: RunResult = { outputs: new Map(), runTimeMs: 1 }
const INPUTS: NamedTensors = new Map()

/** An executor whose runs stay open until the test answers them or lets it crash. */
class FakeExecutor implements RunningExecutor {
  readonly pid: number
  readonly exited: Promise<ExecutorExit>
  isAlive = true
  #end: (exit: ExecutorExit) => void = () => {}
  #open: { resolve: (result: RunResult) => void; reject: (error: PlatformError) => void }[] = []

  constructor(pid: number) {
    this.pid = pid
    this.exited = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  get openRuns(): number {
    return this.#open.length
  }

  run(): Promise<RunResult> {
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }))
  }

  answerAll(): void {
    for (const { resolve } of this.#open.splice(0)) resolve(ANSWER)
  }

  fail(code: 'serving.run_timeout' | 'onnx.run_failed' | 'onnx.memory_limit'): void {
    this.#open.shift()?.reject(new PlatformError(code, 'as told'))
  }

  crash(): void {
    this.isAlive = false
    this.#open.splice(0).forEach(({ reject }, i) => {
      reject(new PlatformError('serving.executor_lost', 'crashed', { details: { wasRunning: i === 0 } }))
    })
    this.#end(EXIT)
  }

  async close(): Promise<void> {
    if (this.isAlive) this.crash()
  }
}

function setUp(options: { startsFail?: number } = {}) {
  const clock = new TestClock()
  const executors = [new FakeExecutor(1)]
  const events: string[] = []
  let failuresLeft = options.startsFail ?? 0
  const replace = async () => {
    if (failuresLeft-- > 0) throw new PlatformError('onnx.executor_unavailable', 'no process')
    const executor = new FakeExecutor(executors.length + 1)
    executors.push(executor)
    return executor
  }
  const [first] = executors
  if (!first) throw new Error('no executor')
  const servable = new OnnxServable(
    {
      signature: { inputs: [], outputs: [] },
      batchable: true,
      runTimeoutMs: 5_000,
      retryWithinMs: 1_000,
      replace,
      clock,
      onEvent: (event) => events.push(event.type),
    },
    first,
  )
  /** The executor of that number, once `runs` runs have reached it. */
  const reached = (number: number, runs = 1) =>
    waitFor(`${runs} runs on executor ${number}`, () => {
      const executor = executors[number - 1]
      return executor && executor.openRuns >= runs ? executor : undefined
    })
  return { clock, servable, events, executors, reached }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error) => (isPlatformError(error) ? error.code : String(error)),
  )

describe('OnnxServable', () => {
  it('runs again on the replacement what was lost with its executor', async () => {
    const { servable, reached, events } = setUp()
    const run = codeOf(servable.run(INPUTS))
    ;(await reached(1)).crash()
    ;(await reached(2)).answerAll()
    expect(await run).toBe('answered')
    expect(events).toEqual(['lost', 'replaced'])
  })

  it('gives up a run that was being carried out in two crashes, and spares those behind it', async () => {
    const { servable, reached, clock } = setUp()
    const poison = codeOf(servable.run(INPUTS))
    await reached(1)
    const innocent = codeOf(servable.run(INPUTS))
    ;(await reached(1, 2)).crash()
    ;(await reached(2, 2)).crash()
    expect(await poison).toBe('serving.executor_lost')
    await clock.advance(restartDelayMs(2))
    ;(await reached(3)).answerAll()
    expect(await innocent).toBe('answered')
  })

  it('does not repeat a run that exceeded its time', async () => {
    const { servable, reached } = setUp()
    const run = codeOf(servable.run(INPUTS))
    const executor = await reached(1)
    executor.fail('serving.run_timeout')
    executor.crash()
    expect(await run).toBe('serving.run_timeout')
  })

  it('fails a run as lost when no replacement is ready in its time, and answers again when one is', async () => {
    const { servable, reached, clock, events, executors } = setUp({ startsFail: 4 })
    executors[0]?.crash()
    const early = codeOf(servable.run(INPUTS))
    await waitFor('a failed start', () => events.includes('replacementFailed'))
    await clock.advance(1_000)
    expect(await early).toBe('serving.executor_lost')
    const late = codeOf(servable.run(INPUTS))
    await clock.advance(restartDelayMs(5))
    ;(await reached(2)).answerAll()
    expect(await late).toBe('answered')
  })

  it('reports a run that asked for too much memory as failed', async () => {
    const { servable, reached } = setUp()
    const run = codeOf(servable.run(INPUTS))
    ;(await reached(1)).fail('onnx.memory_limit')
    expect(await run).toBe('onnx.run_failed')
  })

  it('replaces nothing after it was closed, and refuses runs', async () => {
    const { servable, executors, events } = setUp()
    await servable.close()
    await servable.close()
    expect(await codeOf(servable.run(INPUTS))).toBe('serving.executor_lost')
    expect(executors).toHaveLength(1)
    expect(events).toEqual([])
  })

  it('starts a new count of losses after an executor that was sound', async () => {
    const { servable, executors, clock, events, reached } = setUp()
    for (const number of [1, 2, 3]) {
      await clock.advance(SOUND_AFTER_MS)
      const run = codeOf(servable.run(INPUTS))
      ;(await reached(number)).crash()
      // Without a wait: the clock of the test stands still.
      ;(await reached(number + 1)).answerAll()
      expect(await run).toBe('answered')
    }
    expect(executors).toHaveLength(4)
    expect(events.filter((type) => type === 'replaced')).toHaveLength(3)
  })
})

it('delays restarts at once first, then twice as long each time, never more than half a minute', () => {
  expect([1, 2, 3, 4, 11, 1_000].map(restartDelayMs)).toEqual([0, 100, 200, 400, 30_000, 30_000])
})
