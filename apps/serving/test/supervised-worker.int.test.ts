import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isPlatformError, type PlatformError } from '@understudy/core'
import { TestClock, waitFor } from '@understudy/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { SupervisedWorker, type SupervisedWorkerOptions } from '../src/worker-threads/supervised-worker.ts'

interface Order {
  readonly id: number
  readonly say: string
  readonly bytes?: Uint8Array
}
interface Said {
  readonly id: number
  readonly said: string
  readonly thread: number
}

/** Repeats what it is told, with the number of its thread; a few words make it do something else. */
const SOURCE = `
import { parentPort, threadId } from 'node:worker_threads'
parentPort.on('message', ({ id, say, bytes }) => {
  if (say === 'exit') process.exit(3)
  if (say === 'throw') throw new Error('as told')
  if (say === 'hang') for (;;);
  if (say === 'silence') return
  const said = say === 'length' ? String(bytes.length) : say
  parentPort.postMessage({ id, said, thread: threadId })
})
`

const folder = mkdtempSync(path.join(tmpdir(), 'understudy-supervised-'))
const workerPath = path.join(folder, 'parrot.mjs')
writeFileSync(workerPath, SOURCE)
const faults: string[] = []
let worker: SupervisedWorker<Order, Said>

const start = (options: Partial<SupervisedWorkerOptions> = {}) => {
  faults.length = 0
  worker = new SupervisedWorker<Order, Said>({
    ...{ name: 'parrot', workerPath, subject: 'The parrot', heapMebibytesMax: 64 },
    onFault: ({ message }) => faults.push(message),
    ...options,
  })
  return worker
}
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: PlatformError) => (isPlatformError(error) ? `${error.code}: ${error.message}` : String(error)),
  )

afterEach(() => worker.close())
afterAll(() => rmSync(folder, { recursive: true }))

describe('SupervisedWorker', () => {
  it('gives every request its own answer, from one thread, however many there are at once', async () => {
    const parrot = start()
    const words = Array.from({ length: 200 }, (_, index) => `word ${index}`)
    const replies = await Promise.all(words.map((say) => parrot.run({ say })))
    expect(replies.map(({ said }) => said)).toEqual(words)
    expect(new Set(replies.map(({ thread }) => thread)).size).toBe(1)
    expect(parrot.inFlight).toBe(0)
  })

  it.each([
    ['exit', 'exit code 3'],
    ['throw', 'as told'],
  ])(
    'rejects what waits when the thread ends by "%s", and answers the next request in another',
    async (say, reason) => {
      const parrot = start()
      const { thread } = await parrot.run({ say: 'first' })
      const lost = `serving.executor_lost: The parrot ended: ${reason}.`
      const waiting = ['silence', say, 'behind'].map((word) => failureOf(parrot.run({ say: word })))
      expect(await Promise.all(waiting)).toEqual([lost, lost, lost])
      expect(faults).toEqual([`The parrot ended: ${reason}.`])
      const next = await parrot.run({ say: 'next' })
      expect(next.said).toBe('next')
      expect(next.thread).not.toBe(thread)
    },
  )

  it('rejects with the code that its owner chose', async () => {
    const parrot = start({ lostCode: 'platform.unexpected' })
    expect(await failureOf(parrot.run({ say: 'exit' }))).toMatch(/^platform\.unexpected: /)
  })

  it('stays away longer with every loss in a row, and only the first time after an answer', async () => {
    const clock = new TestClock()
    const parrot = start({ restartDelayMs: 1_000, clock })
    const isAway = async () => (await failureOf(parrot.run({ say: 'exit' }))).endsWith('is not back yet.')
    expect(await isAway()).toBe(false)
    await clock.advance(999)
    expect(await isAway()).toBe(true)
    await clock.advance(1)
    expect(await isAway()).toBe(false)
    await clock.advance(1_999)
    expect(await isAway()).toBe(true)
    await clock.advance(1)
    await parrot.run({ say: 'an answer' })
    expect(await isAway()).toBe(false)
    await clock.advance(1_000)
    expect(await isAway()).toBe(false)
    expect(faults).toHaveLength(4)
  })

  it('ends a thread that is too long over one request, also when it answers nothing else', async () => {
    const parrot = start({ taskTimeoutMs: 50 })
    const hanging = failureOf(parrot.run({ say: 'hang' }))
    expect(await hanging).toContain('took too long')
    expect(faults).toHaveLength(1)
  })

  it('refuses more requests or bytes than may wait before anything is copied, and takes them again afterwards', async () => {
    const parrot = start({ waitingMax: 1 })
    const waiting = failureOf(parrot.run({ say: 'silence' }))
    expect(() => parrot.admit()).toThrow('The parrot has as much to do as it may.')
    expect(await failureOf(parrot.run({ say: 'more' }))).toMatch(/^serving\.queue_full: /)
    await parrot.close()
    expect(await waiting).toMatch(/^serving\.draining: /)
    const bounded = start({ waitingBytesMax: 4 })
    const bytes = bounded.run({ say: 'length', bytes: new Uint8Array(8) }, { sizeBytes: 8 })
    expect(await failureOf(bounded.run({ say: 'more' }))).toMatch(/^serving\.queue_full: /)
    expect((await bytes).said).toBe('8')
    expect((await bounded.run({ say: 'again' })).said).toBe('again')
  })

  it('hands over what is to be transferred, and holds nothing for what cannot be sent', async () => {
    const parrot = start()
    const bytes = new Uint8Array(1_000)
    expect((await parrot.run({ say: 'length', bytes }, { transfer: [bytes.buffer] })).said).toBe('1000')
    expect(bytes.length).toBe(0)
    await expect(parrot.run({ say: 'length', bytes })).rejects.toThrow('detached')
    expect(parrot.inFlight).toBe(0)
    expect((await parrot.run({ say: 'after' })).said).toBe('after')
  })

  it('ends a thread without work after its time, which is no fault, and starts another when there is some', async () => {
    const parrot = start({ idleMs: 0 })
    const { thread } = await parrot.run({ say: 'first' })
    await waitFor('another thread', async () => (await parrot.run({ say: 'next' })).thread !== thread)
    expect(faults).toEqual([])
  })

  it('rejects what waits at its close, whatever the thread does, and everything afterwards', async () => {
    const parrot = start()
    const waiting = failureOf(parrot.run({ say: 'hang' }))
    await parrot.close()
    await parrot.close()
    const refusal = 'serving.draining: The node is stopping.'
    expect(await waiting).toBe(refusal)
    expect(await failureOf(parrot.run({ say: 'more' }))).toBe(refusal)
    expect(faults).toEqual([])
  })
})
