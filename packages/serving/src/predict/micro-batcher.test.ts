import { type Clock, PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { batcherRig } from '../test-support/batcher-rig.ts'
import { codeOf } from '../test-support/errors.ts'
import { FakeModel, rowsOfX } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import type { BatchRouter } from './batch-router.ts'
import type { PendingRequest } from './pending-request.ts'

describe('MicroBatcher', () => {
  let clock: TestClock
  let model: FakeModel

  beforeEach(() => {
    clock = new TestClock()
    model = new FakeModel()
  })

  it('runs the requests of one tick as one batch and gives each its own rows', async () => {
    const { ask, batches } = batcherRig({ clock, servable: model })
    expect(await Promise.all([ask(1), ask(2, 3), ask(4)])).toEqual([[2], [4, 6], [8]])
    expect(model.batches).toEqual([4])
    expect(batches).toMatchObject([{ requests: 3, rows: 4, failed: 0, mirrored: false }])
  })

  it('collects while a batch runs and sends the next one before it answers the finished one', async () => {
    model.held = true
    const { ask } = batcherRig({ clock, servable: model })
    const order: string[] = []
    const first = ask(1).then(() => order.push(`first answered after ${model.batches.length} batches left`))
    await flush()
    const rest = Promise.all([ask(2), ask(3)])
    await flush()
    expect(model.batches).toEqual([1])
    model.release()
    await first
    expect(order).toEqual(['first answered after 2 batches left'])
    model.releaseAll()
    expect(await rest).toEqual([[4], [6]])
    expect(model.batches).toEqual([1, 2])
  })

  it('gives a quick model one half of a crowd as soon as it waits, in the middle of a turn', async () => {
    const { ask } = batcherRig({ clock, servable: model })
    const asks = (count: number) => Array.from({ length: count }, (_, index) => ask(index))
    await Promise.all(asks(20))
    const rest = asks(30)
    expect(model.batches).toEqual([20, 10])
    await Promise.all(rest)
    expect(model.batches).toEqual([20, 10, 20])
  })

  it('answers a crowd before it sends fewer than a half to a quick model, but keeps a slow one busy', async () => {
    for (const runTimeMs of [0, 50]) {
      const crowded = new FakeModel()
      crowded.runTimeMs = runTimeMs
      crowded.held = true
      const { ask } = batcherRig({ clock, servable: crowded })
      const first = Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)))
      await flush()
      const rest = ask(1)
      crowded.release()
      await first
      expect(crowded.batches).toEqual(runTimeMs === 0 ? [20] : [20, 1])
      crowded.releaseAll()
      await rest
      expect(crowded.batches).toEqual([20, 1])
    }
  })

  it('keeps at most two batches in flight, the second only when it is full', async () => {
    model.held = true
    const { ask } = batcherRig({ clock, servable: model, maxBatchSize: 2 })
    const answers = [ask(1)]
    await flush()
    answers.push(ask(2))
    await flush()
    expect(model.batches).toEqual([1])
    answers.push(ask(3), ask(4), ask(5), ask(6))
    await flush()
    expect(model.batches).toEqual([1, 2])
    model.releaseAll()
    expect(await Promise.all(answers)).toEqual([[2], [4], [6], [8], [10], [12]])
    expect([model.inFlightMax, Math.max(...model.batches)]).toEqual([2, 2])
  })

  it('runs a request alone that has more rows than a batch may have', async () => {
    const { ask } = batcherRig({ clock, servable: model, maxBatchSize: 2 })
    expect(await Promise.all([ask(1, 2, 3), ask(4)])).toEqual([[2, 4, 6], [8]])
    expect(model.batches).toEqual([3, 1])
  })

  it('runs every request alone when no batch axis is proved', async () => {
    const alone = new FakeModel({ batchable: false })
    const { ask } = batcherRig({ clock, servable: alone })
    expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([[2], [4], [6]])
    expect(alone.batches).toEqual([1, 1, 1])
  })

  it('never stacks requests whose inner sizes differ', async () => {
    const wide = new FakeModel({
      signature: { inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 'W'] }], outputs: [] },
    })
    const { submit } = batcherRig({ clock, servable: wide })
    const x = (rows: number, width: number) =>
      new Map([
        [
          'x',
          { dtype: 'float32' as const, shape: [rows, width], data: new Float32Array(rows * width).fill(1) },
        ],
      ])
    const answers = await Promise.all([submit(x(1, 2)), submit(x(1, 3)), submit(x(2, 2))])
    expect(answers.map((outputs) => outputs.get('y')?.shape)).toEqual([
      [1, 2],
      [1, 3],
      [2, 2],
    ])
    expect([...wide.batches].sort()).toEqual([1, 3])
  })

  it('fails only the request with the bad row', async () => {
    const { ask, batches } = batcherRig({ clock, servable: model })
    const answers = await Promise.allSettled([ask(1), ask(-1), ask(3)])
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(answers[2]).toMatchObject({ value: [6] })
    expect(answers[1]).toMatchObject({ reason: { code: 'onnx.run_failed' } })
    expect(batches).toMatchObject([{ requests: 3, failed: 1 }])
  })

  it('runs requests alone when the model does not keep the batch axis', async () => {
    model.dropsRows = true
    const { ask } = batcherRig({ clock, servable: model })
    expect(await Promise.all([ask(1), ask(2)])).toEqual([[2], [4]])
    expect(model.batches).toEqual([2, 1, 1])
  })

  it('does not repeat a batch whose executor was lost', async () => {
    model.error = new PlatformError('serving.executor_lost', 'gone')
    const { ask } = batcherRig({ clock, servable: model })
    expect(await Promise.all([codeOf(() => ask(1)), codeOf(() => ask(2))])).toEqual([
      'serving.executor_lost',
      'serving.executor_lost',
    ])
    expect(model.batches).toEqual([2])
  })

  it('refuses at once when the queue is full, and takes requests again when it is not', async () => {
    model.held = true
    const { ask } = batcherRig({ clock, servable: model, maxQueue: 2 })
    const running = ask(1)
    await flush()
    const waiting = [ask(2), ask(3)]
    expect(await codeOf(() => ask(4))).toBe('serving.queue_full')
    model.releaseAll()
    await Promise.all([running, ...waiting])
    expect(await ask(5)).toEqual([10])
  })

  it('gives up the answer at the deadline and stops no run', async () => {
    model.held = true
    const { submit, ask, handles } = batcherRig({ clock, servable: model })
    const late = codeOf(() => submit(rowsOfX([1, 1]), { timeoutMs: 50 }))
    await flush()
    const queued = codeOf(() => submit(rowsOfX([2, 2]), { timeoutMs: 60 }))
    await clock.advance(49)
    expect(model.inFlight).toBe(1)
    await clock.advance(11)
    expect([await late, await queued]).toEqual(['serving.deadline_exceeded', 'serving.deadline_exceeded'])
    expect([model.inFlight, handles.open]).toEqual([1, 1])
    model.releaseAll()
    await flush()
    expect([model.batches, handles.open]).toEqual([[1], 0])
    expect(await ask(5)).toEqual([10])
  })

  it('does not run a request whose time is over before its batch begins, also when the timer is late', async () => {
    const late: Clock = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      sleep: () => new Promise(() => {}),
    }
    const { submit, ask, handles } = batcherRig({ clock: late, servable: model })
    const tooLate = codeOf(() => submit(rowsOfX([1, 1]), { timeoutMs: 50 }))
    const inTime = ask(2)
    await clock.advance(50)
    expect([await tooLate, await inTime]).toEqual(['serving.deadline_exceeded', [4]])
    const alone = codeOf(() => submit(rowsOfX([1, 1]), { timeoutMs: 0 }))
    expect(await alone).toBe('serving.deadline_exceeded')
    await flush()
    expect([model.batches, handles.open]).toEqual([[1], 0])
  })

  it('writes into each request how long it waited, its batch took, and the model itself', async () => {
    model.held = true
    const { submit } = batcherRig({ clock, servable: model })
    const timesOf = () => ({ decodeMs: 1, queueMs: 0, batchMs: 0, runMs: 0, encodeMs: 2 })
    const [first, second] = [timesOf(), timesOf()]
    const answers = [submit(rowsOfX([1, 1]), { times: first })]
    await flush()
    answers.push(submit(rowsOfX([2, 2]), { times: second }))
    await clock.advance(7)
    model.runTimeMs = 3
    model.release()
    await flush()
    await clock.advance(5)
    model.releaseAll()
    await Promise.all(answers)
    expect(first).toEqual({ decodeMs: 1, queueMs: 0, batchMs: 7, runMs: 3, encodeMs: 2 })
    expect(second).toEqual({ decodeMs: 1, queueMs: 7, batchMs: 5, runMs: 3, encodeMs: 2 })
  })

  it('forgets a request whose client goes away', async () => {
    model.held = true
    const { submit, ask } = batcherRig({ clock, servable: model, maxQueue: 1 })
    const running = ask(1)
    await flush()
    const client = new AbortController()
    const cancelled = codeOf(() => submit(rowsOfX([2, 2]), { signal: client.signal }))
    client.abort()
    expect(await cancelled).toBe('serving.cancelled')
    const next = ask(3)
    model.releaseAll()
    expect([await running, await next]).toEqual([[2], [6]])
    expect(model.batches).toEqual([1, 1])
    expect(await codeOf(() => submit(rowsOfX([2, 2]), { signal: client.signal }))).toBe('serving.cancelled')
  })

  it('waits for more up to the delay, and not at all for a full batch', async () => {
    const { ask } = batcherRig({ clock, servable: model, maxBatchSize: 3, maxDelayMs: 10 })
    const first = ask(1)
    await flush()
    await clock.advance(9)
    expect(model.batches).toEqual([])
    const second = ask(2)
    await clock.advance(1)
    expect([await first, await second]).toEqual([[2], [4]])
    const full = await Promise.all([ask(1), ask(2), ask(3)])
    expect(full).toEqual([[2], [4], [6]])
    expect(model.batches).toEqual([2, 3])
  })

  it('holds the version as long as there is work and not a tick longer', async () => {
    model.held = true
    const { ask, handles } = batcherRig({ clock, servable: model })
    const first = ask(1)
    await flush()
    const second = ask(2)
    model.release()
    await first
    expect(handles.open).toBe(1)
    model.releaseAll()
    await second
    await flush()
    expect(handles).toEqual({ taken: 1, open: 0 })
  })

  it('goes on holding the version for the others when one client of the same tick goes away', async () => {
    const { submit, ask, handles } = batcherRig({ clock, servable: model })
    const client = new AbortController()
    const gone = codeOf(() => submit(rowsOfX([1, 1]), { signal: client.signal }))
    const stays = ask(2)
    client.abort()
    expect([await gone, handles.open]).toEqual(['serving.cancelled', 1])
    expect(await stays).toEqual([4])
    await flush()
    expect(handles).toEqual({ taken: 1, open: 0 })
  })

  it('tells everyone who waits when the version is taken away', async () => {
    model.held = true
    const { ask, revoke, handles } = batcherRig({ clock, servable: model })
    const running = codeOf(() => ask(1))
    await flush()
    const waiting = codeOf(() => ask(2))
    revoke.abort(new PlatformError('serving.drain_timeout', 'too late'))
    expect([await running, await waiting]).toEqual(['serving.drain_timeout', 'serving.drain_timeout'])
    model.releaseAll()
    await flush()
    expect(handles.open).toBe(0)
  })

  it('passes on why no handle can be had', async () => {
    const acquire = () => {
      throw new PlatformError('serving.draining', 'stopping')
    }
    const { ask } = batcherRig({ clock, servable: model, acquire })
    expect(await codeOf(() => ask(1))).toBe('serving.draining')
  })

  it('wraps what a servable throws that is not ours', async () => {
    const { ask } = batcherRig({
      clock,
      servable: {
        ...{ signature: model.signature, batchable: true },
        run: () => Promise.reject(new Error('boom')),
      },
    })
    expect(await codeOf(() => ask(1))).toBe('platform.unexpected')
  })

  it('keeps requests for the live version and explicit ones in batches of their own', async () => {
    const routed: number[] = []
    const route: BatchRouter['route'] = ({ requests }) => {
      routed.push(requests.length)
      return undefined
    }
    const { submit } = batcherRig({ clock, servable: model, router: { route } })
    await Promise.all([
      submit(rowsOfX([1, 1])),
      submit(rowsOfX([2, 2]), { live: false }),
      submit(rowsOfX([3, 3])),
    ])
    expect(routed).toEqual([2])
    expect(model.batches).toEqual([2, 1])
  })

  it('asks the router before it runs, and hands it the answers after the clients have theirs', async () => {
    const order: string[] = []
    const route: BatchRouter['route'] = ({ requests }) => {
      order.push(`coin before run ${model.batches.length}`)
      return {
        ...{ requests, mirrored: true },
        began: () => order.push(`began run ${model.batches.length}`),
        answered: (answers) => order.push(`router has ${answers.length}`),
      }
    }
    const { ask, batches } = batcherRig({ clock, servable: model, router: { route } })
    await Promise.all([ask(1), ask(2)])
    expect(order).toEqual(['coin before run 0', 'began run 1', 'router has 2'])
    expect(batches[0]?.mirrored).toBe(true)
  })

  it('tells the router what live requests meet: those that wait, those that run, how long the oldest waited', async () => {
    const loads: unknown[] = []
    const route: BatchRouter['route'] = ({ load }) => {
      loads.push(load)
      return undefined
    }
    const { ask } = batcherRig({ clock, servable: model, maxBatchSize: 2, maxQueue: 9, router: { route } })
    model.held = true
    const answers = [ask(1), ask(2), ask(3), ask(4), ask(5)]
    await flush()
    await clock.advance(3)
    model.releaseAll()
    await Promise.all(answers)
    expect(loads).toEqual([
      { queued: 3, queueMax: 9, inFlight: 0, waitedMs: 0 },
      { queued: 1, queueMax: 9, inFlight: 1, waitedMs: 0 },
      { queued: 0, queueMax: 9, inFlight: 0, waitedMs: 3 },
    ])
  })

  it('leaves to the router what another version answers, holds its version until then, and keeps to the deadline', async () => {
    const away: PendingRequest[] = []
    const route: BatchRouter['route'] = ({ requests }) => {
      for (const pending of requests.slice(1)) {
        pending.leave()
        away.push(pending)
      }
      return {
        ...{ requests: requests.slice(0, 1), mirrored: false },
        ...{ began: () => {}, answered: () => {} },
      }
    }
    const { ask, handles, submit } = batcherRig({ clock, servable: model, router: { route } })
    const given = [ask(1), ask(2)]
    const late = codeOf(() => submit(rowsOfX([3, 3]), { timeoutMs: 10 }))
    expect(await given[0]).toEqual([2])
    await flush()
    expect([model.batches, handles.open]).toEqual([[1], 1])
    away[0]?.settle({ outputs: rowsOfX([7, 7]) })
    await clock.advance(10)
    expect([await codeOf(() => given[1]), await late]).toEqual([undefined, 'serving.deadline_exceeded'])
    expect(handles.open).toBe(0)
  })
})
