import { PlatformError } from '@understudy/core'
import type { WorkClaim, WorkKind } from '@understudy/db'
import { silentLogger } from '@understudy/telemetry'
import { TestClock, waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type WorkHandler, WorkLoop, type WorkLoopOptions, type WorkSource } from './work-loop.ts'

/** Hands out the claims that it is given, and remembers what became of them. */
class FakeQueue implements WorkSource {
  readonly wanted: WorkClaim[] = []
  readonly did: string[] = []
  /** What the queue throws instead of answering, by method; each once. */
  readonly broken = new Map<keyof WorkSource, Error>()
  #looks = 0

  get looks(): number {
    return this.#looks
  }

  want(kind: WorkKind, key: string, attempts = 0): void {
    this.wanted.push({ kind, key, seq: 1n, fence: 1n, attempts, traceparent: null })
  }

  async claim(): Promise<WorkClaim | undefined> {
    this.#looks += 1
    this.#mayBreak('claim')
    return this.wanted.shift()
  }

  async renew({ key }: WorkClaim): Promise<void> {
    this.did.push(`renew ${key}`)
    this.#mayBreak('renew')
  }

  async finish(
    { key }: WorkClaim,
    { dueInMs }: { readonly dueInMs?: number | undefined } = {},
  ): Promise<void> {
    this.#mayBreak('finish')
    this.did.push(dueInMs === undefined ? `finish ${key}` : `finish ${key}, due in ${dueInMs}`)
  }

  async fail({ key }: WorkClaim, message: string, retryInMs: number): Promise<void> {
    this.#mayBreak('fail')
    this.did.push(`fail ${key}: ${message} (${retryInMs >= 400 && retryInMs <= 600 ? 'soon' : retryInMs})`)
  }

  #mayBreak(method: keyof WorkSource): void {
    const error = this.broken.get(method)
    this.broken.delete(method)
    if (error) throw error
  }
}

const rest: WorkHandler = async () => ({})
let loop: WorkLoop | undefined
afterEach(() => loop?.close())

function start(queue: FakeQueue, options: Partial<WorkLoopOptions> = {}) {
  const clock = new TestClock()
  const handlers = { repository: rest, version: rest, model: rest }
  loop = new WorkLoop({ queue, handlers, clock, logger: silentLogger, concurrency: 1, ...options })
  return { loop, clock }
}

const throwing = (error: unknown): Partial<WorkLoopOptions> => ({
  handlers: { repository: rest, version: rest, model: () => Promise.reject(error) },
})

/** A handler that waits until it is let go. */
function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const started: string[] = []
  const handler: WorkHandler = async ({ key }) => {
    started.push(key)
    await opened
    return {}
  }
  return { open: () => open(), started, handlers: { repository: handler, version: handler, model: handler } }
}

describe('one claim', () => {
  it('goes to the handler of its kind, and is finished with the time when it is due again', async () => {
    const queue = new FakeQueue()
    const seen: string[] = []
    const handler =
      (kind: WorkKind): WorkHandler =>
      async (claim) => {
        seen.push(`${kind} ${claim.key}`)
        return { dueInMs: kind === 'repository' ? 15_000 : undefined }
      }
    const handlers = {
      repository: handler('repository'),
      version: handler('version'),
      model: handler('model'),
    }
    queue.want('version', 'iris/1')
    queue.want('repository', 'url#main')
    const { loop } = start(queue, { handlers })
    expect([await loop.workOnce(), await loop.workOnce(), await loop.workOnce()]).toEqual([true, true, false])
    expect(seen).toEqual(['version iris/1', 'repository url#main'])
    expect(queue.did).toEqual(['finish iris/1', 'finish url#main, due in 15000'])
  })

  it.each([
    ['serving.plan_unreadable', 'fail iris: no (soon)'],
    ['serving.queue_full', 'fail iris: no (1000)'],
    ['rollout.not_found', 'finish iris'],
    ['gitops.url_refused', 'finish iris'],
  ] as const)('that ends with %s is answered by its retry alone', async (code, expected) => {
    const queue = new FakeQueue()
    queue.want('model', 'iris')
    const { loop } = start(queue, throwing(new PlatformError(code, 'no')))
    expect(await loop.workOnce()).toBe(true)
    expect(queue.did).toEqual([expected])
  })

  it('that ends with an unknown error is tried again: nothing is lost', async () => {
    const queue = new FakeQueue()
    queue.want('model', 'iris')
    await start(queue, throwing('what is this')).loop.workOnce()
    expect(queue.did).toEqual(['fail iris: what is this (soon)'])
  })

  it('is tried again after a longer pause each time', async () => {
    const queue = new FakeQueue()
    queue.want('model', 'iris', 40)
    await start(queue, throwing(new Error('again'))).loop.workOnce()
    const [, pause] = /\((\d+)\)$/.exec(queue.did[0] ?? '') ?? []
    expect(Number(pause)).toBeGreaterThanOrEqual(240_000)
    expect(Number(pause)).toBeLessThanOrEqual(360_000)
  })

  it('is failed when its end cannot be recorded, so that it is done again', async () => {
    const queue = new FakeQueue()
    queue.broken.set('finish', new Error('connection lost'))
    queue.want('model', 'iris')
    await start(queue).loop.workOnce()
    expect(queue.did).toEqual(['fail iris: connection lost (soon)'])
  })

  it('is prolonged while it is worked on, also when prolonging fails once, and no longer', async () => {
    const queue = new FakeQueue()
    const { open, handlers } = gate()
    queue.broken.set('renew', new Error('connection lost'))
    queue.want('model', 'iris')
    const { loop } = start(queue, { handlers, renewIntervalMs: 1 })
    const work = loop.workOnce()
    await waitFor('two prolongations', () => queue.did.length >= 2)
    open()
    await work
    const count = queue.did.length
    expect(queue.did.at(-1)).toBe('finish iris')
    await new Promise((resolve) => setImmediate(resolve))
    expect(queue.did.length).toBe(count)
  })
})

describe('a running loop', () => {
  it('works on everything wanted, then looks again after the pause without any hint', async () => {
    const queue = new FakeQueue()
    queue.want('model', 'a')
    queue.want('model', 'b')
    const { loop, clock } = start(queue, { pollIntervalMs: 1_000 })
    loop.start()
    await waitFor('both', () => queue.did.length === 2)
    queue.want('model', 'c')
    await clock.advance(999)
    expect(queue.did).toEqual(['finish a', 'finish b'])
    await clock.advance(1)
    await waitFor('the third', () => queue.did.length === 3)
  })

  it('looks at once after a hint', async () => {
    const queue = new FakeQueue()
    const { loop } = start(queue)
    loop.start()
    await waitFor('the first look', () => queue.looks === 1)
    queue.want('model', 'iris')
    loop.wake()
    await waitFor('the work', () => queue.did.length === 1)
  })

  it('loses no hint that comes while it works', async () => {
    const queue = new FakeQueue()
    const { open, started, handlers } = gate()
    queue.want('model', 'slow')
    const { loop } = start(queue, { handlers, concurrency: 2 })
    loop.start()
    await waitFor('the work and the second worker at rest', () => started.length === 1 && queue.looks >= 2)
    queue.want('model', 'hinted')
    loop.wake()
    await waitFor('the other worker', () => started.includes('hinted'))
    open()
    await waitFor('both', () => queue.did.length === 2)
  })

  it('works on no more keys at the same time than it may', async () => {
    const queue = new FakeQueue()
    const { open, started, handlers } = gate()
    for (const key of ['a', 'b', 'c', 'd']) queue.want('model', key)
    const { loop } = start(queue, { handlers, concurrency: 3 })
    loop.start()
    await waitFor('three', () => started.length === 3)
    expect(queue.wanted.map(({ key }) => key)).toEqual(['d'])
    open()
    await waitFor('all', () => queue.did.length === 4)
  })

  it.each(['claim', 'fail'] as const)('outlives a queue whose %s fails', async (method) => {
    const queue = new FakeQueue()
    queue.broken.set(method, new Error('connection lost'))
    queue.want('model', 'iris')
    const { loop, clock } = start(queue, throwing(new Error('no')))
    loop.start()
    await waitFor('the failure', () => !queue.broken.has(method))
    queue.want('version', 'iris/1')
    await waitFor('the next look', async () => {
      await clock.advance(1_000)
      return queue.did.includes('finish iris/1')
    })
  })

  it('ends the work in hand before it stops, and begins nothing new', async () => {
    const queue = new FakeQueue()
    const { open, started, handlers } = gate()
    queue.want('model', 'in hand')
    queue.want('model', 'left')
    const { loop } = start(queue, { handlers })
    loop.start()
    await waitFor('the work', () => started.length === 1)
    let closed = false
    const closing = loop.close().then(() => {
      closed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(false)
    open()
    await closing
    expect(queue.did).toEqual(['finish in hand'])
    expect(queue.wanted.map(({ key }) => key)).toEqual(['left'])
  })
})
