import { PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { batcherRig } from '../../test-support/batcher-rig.ts'
import { CrashingModel } from '../../test-support/crashing-model.ts'
import { codeOf } from '../../test-support/errors.ts'
import { FakeModel, rowsOfX } from '../../test-support/fake-model.ts'
import { flush } from '../../test-support/flush.ts'
import { inputHash } from './input-hash.ts'

describe('an input that ends the process', () => {
  let clock: TestClock
  let model: CrashingModel

  beforeEach(() => {
    clock = new TestClock(1_000)
    model = new CrashingModel(13)
  })

  const rig = () => batcherRig({ clock, servable: model })
  const values = (count: number) => Array.from({ length: count }, (_, index) => index)

  it('alone gets the error: the 63 others of its batch get their answers', async () => {
    const { ask, incidents, handles } = rig()
    const results = await Promise.allSettled(values(64).map((value) => ask(value)))
    const failed = results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []))
    expect(failed).toEqual([13])
    expect(results[13]).toMatchObject({ reason: { code: 'onnx.run_crashed' } })
    const answers = results.map((result) => (result.status === 'fulfilled' ? result.value[0] : undefined))
    expect(answers).toEqual(values(64).map((value) => (value === 13 ? undefined : 2 * value)))
    expect(model.batches).toEqual([64])
    expect(model.alone).toEqual(values(64).map(() => 1))
    expect(incidents).toEqual([
      {
        ...{ id: { name: 'm', version: 1 }, digest: 'digest-1', kind: 'crash', atMs: 1_000 },
        ...{ message: 'The executor was ended.', confirmedInput: inputHash(rowsOfX([13, 0])) },
      },
    ])
    await flush()
    expect(handles.open).toBe(0)
  })

  it('delays no batch after its own, and keeps the version loaded until it is found', async () => {
    model.aloneHeld = true
    const { ask, handles } = rig()
    const suspects = Promise.allSettled([ask(13), ask(1)])
    await flush()
    expect(await Promise.all([ask(2), ask(3)])).toEqual([[4], [6]])
    for (let turn = 4; turn < 8; turn += 1) expect(await ask(turn)).toEqual([2 * turn])
    expect([model.alone.length, handles.open]).toEqual([1, 1])
    model.releaseAllAlone()
    expect((await suspects).map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    await flush()
    expect(handles.open).toBe(0)
  })

  it('answers each suspect as soon as it has run, not after the last', async () => {
    model.aloneHeld = true
    const { ask } = rig()
    const done: number[] = []
    for (const value of [1, 13, 2])
      void ask(value).then(
        () => done.push(value),
        () => done.push(-value),
      )
    await flush()
    for (const expected of [[1], [1, -13], [1, -13, 2]]) {
      model.releaseAlone()
      await flush()
      expect(done).toEqual(expected)
    }
  })

  it('is refused without a run when it comes again, for a while, and others are not', async () => {
    const { ask, incidents } = rig()
    expect(await codeOf(() => ask(13))).toBe('onnx.run_crashed')
    expect(await codeOf(() => ask(13))).toBe('serving.input_refused')
    expect([model.batches, model.alone, incidents.length]).toEqual([[1], [1], 1])
    expect(await ask(14)).toEqual([28])
    await clock.advance(600_000)
    expect(await codeOf(() => ask(13))).toBe('onnx.run_crashed')
    expect(model.alone).toEqual([1, 1])
  })

  it('is refused also where it waited already when it was found', async () => {
    const { ask } = rig()
    model.held = true
    const first = codeOf(() => ask(13))
    await flush()
    const waiting = [codeOf(() => ask(13)), codeOf(() => ask(13)), ask(5)]
    model.releaseAll()
    expect(await first).toBe('onnx.run_crashed')
    expect(await Promise.all(waiting)).toEqual(['serving.input_refused', 'serving.input_refused', [10]])
    expect(model.alone.length).toBeLessThanOrEqual(2)
  })

  it.each([
    ['onnx.run_crashed', 'onnx.run_crashed', 'crash', 'ends the process of the model'],
    ['serving.run_timeout', 'serving.run_timeout', 'hang', 'runs longer than its limit'],
    ['onnx.memory_limit', 'onnx.run_failed', 'memory', 'needs more memory than its limit'],
    ['onnx.frame_invalid', 'onnx.run_failed', 'frame', 'answer what cannot be read'],
  ] as const)('after %s twice is told what it does', async (code, gets, kind, text) => {
    model.code = code
    const { ask, incidents } = rig()
    const error = await ask(13).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: gets, message: expect.stringContaining(text) })
    expect(incidents).toMatchObject([{ kind }])
    const again = await ask(13).catch((reason: unknown) => reason)
    expect(again).toMatchObject({
      message: expect.stringMatching(
        `m@1 refuses .* for another 600 s: it ${kind === 'frame' ? 'makes' : text}`,
      ),
    })
  })

  it('that does it only once is not the cause: its request gets its answer and nothing is refused', async () => {
    model.harmsAlone = 0
    const { ask, incidents } = rig()
    expect(await Promise.all([ask(13), ask(1)])).toEqual([[26], [2]])
    expect(incidents).toEqual([])
  })

  it('is looked for first among requests that somebody waits for, then among those given up', async () => {
    model.held = true
    const { ask, submit, incidents, handles } = rig()
    const gone = new AbortController()
    const late = codeOf(() => submit(rowsOfX([13, 0]), { timeoutMs: 10 }))
    const left = codeOf(() => submit(rowsOfX([1, 0]), { signal: gone.signal }))
    const stays = submit(rowsOfX([2, 0], [3, 0]))
    await flush()
    await clock.advance(10)
    gone.abort()
    model.releaseAll()
    await stays
    expect(await Promise.all([late, left])).toEqual(['serving.deadline_exceeded', 'serving.cancelled'])
    await flush()
    expect(model.alone).toEqual([2, 1, 1])
    expect([incidents.length, handles.open]).toEqual([1, 0])
    expect(await codeOf(() => ask(13))).toBe('serving.input_refused')
  })

  it('costs a failing sibling nothing: it gets its own error', async () => {
    const { ask } = rig()
    const codes = [-1, 13, 2].map((value) => codeOf(() => ask(value)))
    expect(await Promise.all(codes)).toEqual(['onnx.run_failed', 'onnx.run_crashed', undefined])
  })

  it('fails its whole batch where nothing can run alone', async () => {
    const inline = new FakeModel()
    inline.error = new PlatformError('onnx.run_crashed', 'gone')
    const { ask } = batcherRig({ clock, servable: inline })
    const codes = [codeOf(() => ask(1)), codeOf(() => ask(2))]
    expect(await Promise.all(codes)).toEqual(['onnx.run_crashed', 'onnx.run_crashed'])
    inline.error = undefined
    expect(await ask(1)).toEqual([2])
  })

  it('is not looked for when the process was lost for another reason', async () => {
    model.poison.clear()
    model.error = new PlatformError('serving.executor_lost', 'away')
    const { ask } = rig()
    expect(await codeOf(() => ask(13))).toBe('serving.executor_lost')
    expect(model.alone).toEqual([])
  })

  it('holds up no other: two batches are looked through one after the other', async () => {
    model.aloneHeld = true
    const { ask } = rig()
    const first = Promise.allSettled([ask(13)])
    await flush()
    const second = Promise.allSettled([ask(13), ask(1)])
    await flush()
    expect(model.alone).toEqual([1])
    model.releaseAllAlone()
    await first
    const [again, other] = await second
    expect(again).toMatchObject({ reason: { code: 'serving.input_refused' } })
    expect(other).toMatchObject({ value: [2] })
    expect(model.alone).toEqual([1, 1])
  })
})
