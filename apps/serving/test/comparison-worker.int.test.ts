import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import path from 'node:path'
import type { PlatformError, Tensor } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ComparisonClient, type ComparisonClientOptions } from '../src/comparison/comparison-client.ts'
import type { ComparisonRun } from '../src/comparison/comparison-run.ts'

const app = path.resolve(import.meta.dirname, '..')
const bundled = path.join(app, 'dist/comparison/worker.mjs')
const folder = mkdtempSync(path.join(tmpdir(), 'understudy-worker-'))
const faults: PlatformError[] = []
let client: ComparisonClient

beforeAll(() => {
  // The same bundle as in production.
  execFileSync(process.execPath, ['../../packages/tooling/src/bundle.mjs', 'src/comparison/worker.ts'], {
    cwd: app,
  })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => client.close())

const start = (options: Partial<ComparisonClientOptions> = {}) => {
  faults.length = 0
  client = new ComparisonClient({
    workerPath: bundled,
    restartDelayMs: 0,
    onFault: (error) => faults.push(error),
    ...options,
  })
  return client
}
const script = (name: string, source: string) => {
  const file = path.join(folder, `${name}.mjs`)
  writeFileSync(file, source)
  return file
}
const silent = () =>
  script('silent', "import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => {})\n")

const priorityOf = (thread: string): number => {
  try {
    return getPriority(Number(thread))
  } catch {
    // Others of this process may end at any time.
    return 0
  }
}

const scores = (values: readonly number[]): Tensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})
const runOf = (
  baseline: readonly number[],
  candidate: readonly number[],
  requestId = 'a',
): ComparisonRun => ({
  plan: {
    compare: { score: { compare: { kind: 'tolerance', atol: 0.01, rtol: 0 }, gate: true } },
    ...{ outputs: [], keepAnswers: false, storeInputs: false },
  },
  tasks: [
    {
      unitRow: 0,
      pair: {
        requestId,
        rows: baseline.length,
        inputs: new Map([['x', scores(baseline)]]),
        baseline: { outputs: new Map([['score', scores(baseline)]]) },
        candidate: { outputs: new Map([['score', scores(candidate)]]) },
      },
    },
  ],
})

describe('ComparisonClient', () => {
  it('compares in the worker that production runs', async () => {
    const results = await start().compare(runOf([1, 2, 3], [1, 2.5, 3]))
    expect(results.map(({ comparison }) => comparison)).toMatchObject([
      {
        requestId: 'a',
        rows: 3,
        outputs: [{ output: 'score', rowsDiffering: 1, unitAgrees: true }],
        breach: null,
      },
    ])
  })

  it.skipIf(process.platform !== 'linux')('compares in a thread that gives way to the loop', async () => {
    await start().compare(runOf([1], [1]))
    expect(Math.max(...readdirSync('/proc/self/task').map(priorityOf))).toBeGreaterThanOrEqual(10)
  })

  it('carries large tensors over and leaves them usable here', async () => {
    const large = new Array<number>(100_000).fill(1)
    const run = runOf(large, large)
    const [result] = await start().compare(run)
    expect(result?.comparison.outputs[0]?.rowsDiffering).toBe(0)
    expect(run.tasks[0]?.pair.inputs.get('x')?.data).toHaveLength(100_000)
  })

  it('answers every one of many runs, each with its own pairs', async () => {
    const comparer = start()
    const ids = Array.from({ length: 2_000 }, (_, index) => `id-${index}`)
    const results = await Promise.all(ids.map((id) => comparer.compare(runOf([1], [1], id))))
    expect(results.map(([one]) => one?.comparison.requestId)).toEqual(ids)
    expect(comparer.inFlight).toBe(0)
  })

  it('sends runs that come together in one message, and large ones in several', async () => {
    const counting = script(
      'counting',
      `import { parentPort } from 'node:worker_threads'
       let messages = 0
       parentPort.on('message', ({ id, runs }) => {
         messages += 1
         const numbers = [], texts = []
         for (const _ of runs.texts.filter((text) => text === 'onnx.run_failed')) {
           numbers.push(1, 0, messages, 0, 0)
           texts.push('a', '{}')
         }
         parentPort.postMessage({ id, findings: { numbers, texts }, failure: null })
       })`,
    )
    const comparer = start({ workerPath: counting, collectMs: 20 })
    const failed = { errorCode: 'onnx.run_failed' } as const
    const sized = (length: number): ComparisonRun => {
      const { plan, tasks } = runOf(new Array<number>(length).fill(1), [1])
      return { plan, tasks: tasks.map((task) => ({ ...task, pair: { ...task.pair, candidate: failed } })) }
    }
    const messagesOf = async (runs: readonly ComparisonRun[]) => {
      const results = await Promise.all(runs.map((run) => comparer.compare(run)))
      return new Set(results.map(([one]) => one?.comparison.rows)).size
    }
    expect(await messagesOf(new Array<ComparisonRun>(100).fill(sized(1)))).toBe(1)
    expect(await messagesOf(new Array<ComparisonRun>(4).fill(sized(400_000)))).toBe(4)
  })

  it('rejects everything that waits when the worker dies, and starts another', async () => {
    const dying = script(
      'dying',
      `import { parentPort } from 'node:worker_threads'
       parentPort.on('message', ({ id, runs }) => {
         if (runs.texts.includes('poison')) process.exit(3)
         parentPort.postMessage({ id, findings: { numbers: [], texts: [] }, failure: null })
       })`,
    )
    const comparer = start({ workerPath: dying })
    const runs = [comparer.compare(runOf([1], [1], 'poison')), comparer.compare(runOf([1], [1]))]
    const outcomes = await Promise.allSettled(runs)
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
    expect(outcomes[0]).toMatchObject({ reason: { code: 'serving.executor_lost' } })
    expect(faults).toHaveLength(1)
    expect(await comparer.compare(runOf([1], [1]))).toEqual([])
  })

  it('does not start the next worker before its time', async () => {
    const clock = new TestClock()
    const comparer = start({ workerPath: path.join(folder, 'missing.mjs'), restartDelayMs: 1_000, clock })
    await expect(comparer.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.executor_lost' })
    await expect(comparer.compare(runOf([1], [1]))).rejects.toThrow('is not back yet')
    expect(faults).toHaveLength(1)
    await clock.advance(1_001)
    await expect(comparer.compare(runOf([1], [1]))).rejects.not.toThrow('is not back yet')
    expect(faults).toHaveLength(2)
  })

  it('ends a worker that hangs over one run', async () => {
    const comparer = start({ workerPath: silent(), runTimeoutMs: 50 })
    await expect(comparer.compare(runOf([1], [1]))).rejects.toThrow('took too long')
  })

  it('survives a worker that eats memory', async () => {
    const eating = script(
      'eating',
      `import { parentPort } from 'node:worker_threads'
       const kept = []
       parentPort.on('message', () => { for (;;) kept.push(new Array(10_000).fill('x'.repeat(10))) })`,
    )
    const comparer = start({ workerPath: eating, heapMebibytesMax: 32 })
    await expect(comparer.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.executor_lost' })
  })

  it('refuses more runs or bytes than may wait', async () => {
    const comparer = start({ workerPath: silent(), inFlightRunsMax: 2, collectMs: 1 })
    const waiting = Promise.allSettled([comparer.compare(runOf([1], [1])), comparer.compare(runOf([1], [1]))])
    await expect(comparer.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.queue_full' })
    await comparer.close()
    expect(await waiting).toMatchObject([
      { reason: { code: 'serving.draining' } },
      { reason: { code: 'serving.draining' } },
    ])
    const bytes = start({ workerPath: silent(), inFlightBytesMax: 1 })
    const first = expect(bytes.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.draining' })
    await expect(bytes.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.queue_full' })
    await bytes.close()
    await first
    await expect(bytes.compare(runOf([1], [1]))).rejects.toMatchObject({ code: 'serving.draining' })
  })
})
