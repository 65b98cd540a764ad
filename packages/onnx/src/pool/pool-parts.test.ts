import { isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import type { RunResult } from '@understudy/serving'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import type { ExecutorExit } from '../process/executor-exit.ts'
import { ExecutorHost, type HomeRequest } from './executor-host.ts'
import { ExecutorPool } from './executor-pool.ts'
import { LoadTurns } from './load-turns.ts'
import type { PooledExecutor } from './pooled-executor.ts'
import { SpareShelf } from './spare-shelf.ts'
import { StoppedWatch } from './stopped-watch.ts'

const EXIT: ExecutorExit = { code: null, signal: 'SIGKILL', lastWord: undefined, stderrTail: '' }
const NEVER = new AbortController().signal
const MIB = 1024 * 1024
const INPUTS: NamedTensors = new Map()

class FakeExecutor implements PooledExecutor {
  readonly pid: number
  readonly exited: Promise<ExecutorExit>
  isAlive = true
  isStopped = false
  isBackground = false
  limitBytes = 0
  models = new Set<number>()
  onRun: () => Promise<RunResult> = async () => ({ outputs: new Map(), runTimeMs: 1 })
  #end: (exit: ExecutorExit) => void = () => {}
  #lastModel = 0

  constructor(pid: number) {
    this.pid = pid
    this.exited = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async load() {
    this.#lastModel += 1
    this.models.add(this.#lastModel)
    return { model: this.#lastModel, signature: { inputs: [], outputs: [] }, loadMs: 1 }
  }

  run(): Promise<RunResult> {
    return this.onRun()
  }

  async unload(model: number): Promise<void> {
    this.models.delete(model)
  }

  ping(): Promise<void> {
    return this.isStopped ? new Promise(() => {}) : Promise.resolve()
  }

  async setMemoryLimit(bytes: number): Promise<void> {
    this.limitBytes = bytes
  }

  async setBackground(on: boolean): Promise<void> {
    this.isBackground = on
  }

  kill(): void {
    this.isAlive = false
    this.#end(EXIT)
  }
}

function factory() {
  const started: FakeExecutor[] = []
  const start = async () => {
    const executor = new FakeExecutor(started.length + 1)
    started.push(executor)
    return executor
  }
  return { started, start }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error) => (isPlatformError(error) ? error.code : String(error)),
  )

const request: HomeRequest = {
  ...{ placement: 'own', form: 'prepacked', path: '/m.onnx', intraOpThreads: 1, limitMs: 1_000 },
  ...{ reservedBytes: MIB, haste: 'now', signal: NEVER },
}

describe('the shelf of spares', () => {
  function shelf(options: { fail?: () => boolean } = {}) {
    const clock = new TestClock()
    const { started, start } = factory()
    const failures: string[] = []
    const hurries: AbortSignal[] = []
    const spares = new SpareShelf({
      start: async (hurry) => {
        hurries.push(hurry)
        if (options.fail?.()) throw new PlatformError('onnx.executor_unavailable', 'no process')
        return await start()
      },
      spares: 1,
      clock,
      onStartFailed: ({ code }) => failures.push(code),
    })
    return { spares, started, clock, failures, hurries }
  }

  it('starts a spare ahead, gives it at once, and starts the next', async () => {
    const { spares, started } = shelf()
    spares.fill()
    await waitFor('a spare', () => spares.readyCount === 1)
    expect((await spares.take('now', NEVER)).pid).toBe(1)
    await waitFor('the next', () => spares.readyCount === 1)
    expect(started).toHaveLength(2)
  })

  it('keeps the last spare from those who can wait', async () => {
    const { spares } = shelf()
    spares.fill()
    await waitFor('a spare', () => spares.readyCount === 1)
    expect((await spares.take('behind', NEVER)).pid).toBe(2)
    expect(spares.pids).toEqual([1])
  })

  it.each(['now', 'soon'] as const)(
    'starts behind everything else, until someone waits for it %s, and not for what is itself behind',
    async (haste) => {
      const { spares, hurries } = shelf()
      spares.fill()
      expect(hurries.map(({ aborted }) => aborted)).toEqual([false])
      const patient = spares.take('behind', NEVER)
      expect(hurries.map(({ aborted }) => aborted)).toEqual([false, false])
      const hasty = spares.take(haste, NEVER)
      expect(hurries.map(({ aborted }) => aborted)).toEqual([true, true])
      await Promise.all([patient, hasty])
      await waitFor('a spare', () => spares.readyCount === 1)
      await spares.take('now', NEVER)
      expect(hurries.at(-1)?.aborted).toBe(false)
    },
  )

  it('serves those who cannot wait first', async () => {
    const { spares } = shelf()
    const order: string[] = []
    const takers = (['behind', 'soon', 'now'] as const).map((haste) =>
      spares.take(haste, NEVER).then(() => order.push(haste)),
    )
    await Promise.all(takers)
    expect(order).toEqual(['now', 'soon', 'behind'])
  })

  it('gives no spare that does not answer', async () => {
    const { spares, started, clock } = shelf()
    spares.fill()
    await waitFor('a spare', () => spares.readyCount === 1)
    const [first] = started
    if (first) first.isStopped = true
    const taken = spares.take('now', NEVER)
    await clock.advance(250)
    expect((await taken).pid).toBe(2)
    expect(first?.isAlive).toBe(false)
  })

  it('replaces a spare that died', async () => {
    const { spares, started } = shelf()
    spares.fill()
    await waitFor('a spare', () => spares.readyCount === 1)
    started[0]?.kill()
    await waitFor('another', () => spares.pids.includes(2))
  })

  it('refuses who waits when none can be started, and goes on trying with growing delays', async () => {
    let failuresLeft = 3
    const { spares, clock, failures } = shelf({ fail: () => failuresLeft-- > 0 })
    expect(await codeOf(spares.take('now', NEVER))).toBe('onnx.executor_unavailable')
    for (let i = 0; i < 20 && spares.readyCount === 0; i++) await clock.advance(100)
    expect(spares.readyCount).toBe(1)
    expect(failures).toHaveLength(3)
  })

  it('lets go who gives up, and ends everything at its close', async () => {
    const { spares, started } = shelf()
    const giveUp = new AbortController()
    const taken = codeOf(spares.take('now', giveUp.signal))
    giveUp.abort()
    expect(await taken).toBe('serving.cancelled')
    await waitFor('a spare', () => spares.readyCount > 0)
    await spares.close()
    expect(started.filter(({ isAlive }) => isAlive)).toEqual([])
    expect(await codeOf(spares.take('now', NEVER))).toBe('serving.cancelled')
  })
})

describe('the pool', () => {
  function pool() {
    const { started, start } = factory()
    const clock = new TestClock()
    const made = new ExecutorPool({ executor: { entry: '' }, start, clock, spares: 0 })
    return { pool: made, started, clock }
  }

  it('opens one shared executor for all who come at once, and ends it with the last', async () => {
    const { pool: made, started } = pool()
    const homes = await Promise.all(
      Array.from({ length: 30 }, () => made.settle({ ...request, placement: 'shared' })),
    )
    expect(made.processes()).toMatchObject([{ kind: 'shared', models: 30 }])
    for (const home of homes.slice(1)) await home.leave()
    expect(started[0]?.models.size).toBe(1)
    await homes[0]?.leave()
    expect(started[0]?.isAlive).toBe(false)
    expect(made.processes()).toEqual([])
  })

  it('opens another shared executor when the first is full', async () => {
    const { pool: made } = pool()
    const large = { ...request, placement: 'parked' as const, reservedBytes: 700 * MIB }
    await made.settle(large)
    await made.settle(large)
    expect(made.processes()).toHaveLength(2)
  })

  it('bounds an executor by what its versions reserve', async () => {
    const { pool: made, started } = pool()
    const home = await made.settle({ ...request, reservedBytes: 600 * MIB })
    expect(started[0]?.limitBytes).toBe(960 * MIB)
    await home.leave()
    expect(started[0]?.isAlive).toBe(false)
  })

  it('ends suspects that come in floods one after the other in one executor, and that after a while', async () => {
    const { pool: made, started, clock } = pool()
    let under = 0
    let most = 0
    const run = { inputs: INPUTS, runTimeoutMs: 1_000, waitMs: 1_000 }
    const first = made.alone.run(request, run)
    await waitFor('its executor', () => started[0]?.models.size)
    const [alone] = started
    if (!alone) throw new Error('no executor')
    alone.onRun = async () => {
      under += 1
      most = Math.max(most, under)
      await Promise.resolve()
      under -= 1
      return { outputs: new Map(), runTimeMs: 1 }
    }
    const flood = Array.from({ length: 300 }, () => codeOf(made.alone.run(request, run)))
    await first
    const codes = await Promise.all(flood)
    expect(codes.filter((code) => code === 'done').length).toBeGreaterThanOrEqual(256)
    expect(codes.filter((code) => code === 'serving.queue_full').length).toBeGreaterThan(0)
    expect(most).toBe(1)
    expect(started).toHaveLength(1)
    await clock.advance(3_000)
    await waitFor('its end', () => !alone.isAlive)
  })

  it('tells once of an executor that was lost, and never of one that it ended', async () => {
    const { start, started } = factory()
    const lost: number[] = []
    const made = new ExecutorPool({
      ...{ executor: { entry: '' }, start, clock: new TestClock(), spares: 0 },
      onLost: ({ models }) => lost.push(models),
    })
    const shared = await Promise.all([1, 2].map(() => made.settle({ ...request, placement: 'shared' })))
    const own = await made.settle(request)
    started[0]?.kill()
    await Promise.all([shared[0]?.exited, own.evict()])
    expect(lost).toEqual([2])
  })

  it('ends everything at its close', async () => {
    const { pool: made, started } = pool()
    await made.settle(request)
    await made.settle({ ...request, placement: 'shared' })
    await made.close()
    expect(started.filter(({ isAlive }) => isAlive)).toEqual([])
    expect(await codeOf(made.settle(request))).toBe('serving.cancelled')
  })
})

it('loads one version at a time, those that runs wait for first', async () => {
  const turns = new LoadTurns()
  const order: string[] = []
  let isUrgent = false
  const load = (name: string) => async () => {
    order.push(name)
    isUrgent = true
    await Promise.resolve()
  }
  await Promise.all([
    turns.take(() => false, load('first')),
    turns.take(() => false, load('patient')),
    turns.take(() => isUrgent, load('awaited')),
  ])
  expect(order).toEqual(['first', 'awaited', 'patient'])
})

it('undoes a load that was given up while it waited for its turn in a shared executor', async () => {
  const executor = new FakeExecutor(1)
  const host = new ExecutorHost('shared', executor)
  await host.settle({ ...request, placement: 'shared' })
  const giveUp = new AbortController()
  const load = codeOf(host.settle({ ...request, placement: 'shared', signal: giveUp.signal }))
  giveUp.abort()
  expect(await load).toBe('serving.cancelled')
  await waitFor('one version', () => executor.models.size === 1 && host.models === 1)
})

it('ends an executor that is stopped at two looks in a row, and no other', async () => {
  const clock = new TestClock()
  const executors = [new FakeExecutor(1), new FakeExecutor(2)]
  const watch = new StoppedWatch({
    executors: () => executors,
    clock,
    isStopped: async (pid) => executors[pid - 1]?.isStopped === true,
  })
  watch.start()
  if (executors[0]) executors[0].isStopped = true
  await clock.advance(250)
  expect(executors.map(({ isAlive }) => isAlive)).toEqual([true, true])
  await clock.advance(250)
  expect(executors.map(({ isAlive }) => isAlive)).toEqual([false, true])
  watch.close()
})
