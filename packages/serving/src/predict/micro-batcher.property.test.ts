import { TestClock } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batcherRig } from '../test-support/batcher-rig.ts'
import { codeOf } from '../test-support/errors.ts'
import { FakeModel, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'

type Event =
  | { readonly kind: 'submit'; readonly values: readonly number[]; readonly live: boolean }
  | { readonly kind: 'cancel'; readonly index: number }
  | { readonly kind: 'tick' }
  | { readonly kind: 'release' }
  | { readonly kind: 'time'; readonly ms: number }

// Negative values are bad rows: the model fails every batch that holds one.
const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 99 }) },
  { weight: 1, arbitrary: fc.constant(-1) },
)
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: fc.constant('submit' as const), live: fc.boolean() },
      values: fc.array(value, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'tick' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'release' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 40 }) }),
  },
)
const settings = fc.record({
  batchable: fc.boolean(),
  dropsRows: fc.boolean(),
  maxBatchSize: fc.integer({ min: 1, max: 6 }),
  maxDelayMs: fc.constantFrom(0, 15),
  maxQueue: fc.integer({ min: 1, max: 12 }),
  events: fc.array(event, { maxLength: 40 }),
})

interface Asked {
  readonly values: readonly number[]
  readonly client: AbortController
  readonly outcome: Promise<{ readonly y: readonly number[] } | { readonly code: string | undefined }>
}

/** What the model says to this request when it is the only one. */
async function alone(values: readonly number[], dropsRows: boolean): Promise<unknown> {
  const model = new FakeModel()
  model.dropsRows = dropsRows
  const inputs = rowsOfX(...values.map((first) => [first, 1] as const))
  let y: readonly number[] = []
  const code = await codeOf(async () => {
    y = valuesOfY((await model.run(inputs)).outputs)
  })
  return code === undefined ? { y } : { code }
}

/** Errors that are about waiting, not about the answer. */
const GAVE_UP: readonly unknown[] = ['serving.queue_full', 'serving.deadline_exceeded', 'serving.cancelled']

class Interleaving {
  readonly #clock = new TestClock()
  readonly #asked: Asked[] = []
  readonly #limits: { readonly maxBatchSize: number }
  readonly #rig: ReturnType<typeof batcherRig>
  readonly model: FakeModel

  constructor(model: FakeModel, limits: { readonly maxBatchSize: number }) {
    this.model = model
    this.model.held = true
    this.#limits = limits
    this.#rig = batcherRig({ clock: this.#clock, servable: model, ...limits })
  }

  async play(next: Event): Promise<void> {
    switch (next.kind) {
      case 'submit':
        this.#submit(next.values, next.live)
        break
      case 'cancel':
        this.#asked[next.index]?.client.abort()
        break
      case 'release':
        this.model.release()
        break
      case 'time':
        await this.#clock.advance(next.ms)
        break
      case 'tick':
        await flush(2)
    }
  }

  #submit(values: readonly number[], live: boolean): void {
    const client = new AbortController()
    const inputs = rowsOfX(...values.map((first) => [first, 1] as const))
    const answer = this.#rig.submit(inputs, { live, timeoutMs: 100, signal: client.signal })
    const outcome = answer.then(
      (outputs) => ({ y: valuesOfY(outputs) }),
      (error) => ({ code: error.code }),
    )
    this.#asked.push({ values, client, outcome })
  }

  async check(): Promise<void> {
    this.model.releaseAll()
    await this.#clock.advance(15)
    for (const { values, outcome } of this.#asked) {
      const got = await outcome
      if ('code' in got && GAVE_UP.includes(got.code)) continue
      expect(got).toEqual(await alone(values, this.model.dropsRows))
    }
    await flush()
    expect(this.#rig.handles.open, 'the version is let go').toBe(0)
    expect(this.model.inFlightMax).toBeLessThanOrEqual(2)
    const allowed = Math.max(this.#limits.maxBatchSize, ...this.#asked.map(({ values }) => values.length))
    for (const rows of this.model.batches) expect(rows).toBeLessThanOrEqual(allowed)
  }
}

describe('MicroBatcher under any interleaving', () => {
  it('gives each request the answer that it gets alone, or says that it gave up', async () => {
    await fc.assert(
      fc.asyncProperty(settings, async ({ batchable, dropsRows, events, ...limits }) => {
        const model = new FakeModel({ batchable })
        model.dropsRows = dropsRows
        const interleaving = new Interleaving(model, limits)
        for (const next of events) await interleaving.play(next)
        await interleaving.check()
      }),
      { numRuns: 200 },
    )
  })
})
