import { TestClock } from '@understudy/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Limiter } from '../manager/limiter.ts'
import { ResourceTracker } from '../manager/resource-tracker.ts'
import type { Loader, ModelServable } from '../servable.ts'
import { TRANSIENT } from '../test-support/errors.ts'
import { FakeModel, LINE_SIGNATURE, rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { OnDemandServable } from './on-demand-servable.ts'

const LIMIT = 10
const MODELS = 8

type Event =
  | { readonly kind: 'ask'; readonly model: number; readonly x: number }
  /** Everything held so far goes on: loads, runs and unloads. */
  | { readonly kind: 'proceed' }
  /** From now on loads, runs or unloads are held until the next `proceed`. */
  | { readonly kind: 'hold'; readonly what: 'load' | 'run' | 'unload' }
  | { readonly kind: 'resident'; readonly bytes: number }
  | { readonly kind: 'residentGone' }
  | { readonly kind: 'failNext'; readonly model: number }
  | { readonly kind: 'pass'; readonly ms: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: ask() },
  { weight: 3, arbitrary: fc.constant<Event>({ kind: 'proceed' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      what: fc.constantFrom('load' as const, 'run' as const, 'unload' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('resident' as const), bytes: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: 'residentGone' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('failNext' as const), model: fc.nat({ max: MODELS - 1 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 500 }) }),
  },
)

function ask(): fc.Arbitrary<Event> {
  return fc.record({
    kind: fc.constant('ask' as const),
    model: fc.nat({ max: MODELS - 1 }),
    x: fc.integer({ min: 0, max: 1_000 }),
  })
}

/** Models of 1 to 4 bytes each: together far more than the limit. */
class World {
  readonly clock = new TestClock()
  readonly tracker = new ResourceTracker(LIMIT)
  readonly problems: string[] = []
  readonly failing = new Set<number>()
  readonly answers: Promise<void>[] = []
  #held: Partial<Record<'load' | 'run' | 'unload', Gate>> = {}
  #bytes = 0
  #residents: object[] = []
  readonly models = Array.from({ length: MODELS }, (_none, index) => this.#create(index))

  hold(what: 'load' | 'run' | 'unload'): void {
    this.#held[what] ??= new Gate()
  }

  proceed(): void {
    for (const gate of Object.values(this.#held)) gate?.open()
    this.#held = {}
  }

  ask(index: number, x: number): void {
    const run = this.models[index]?.run(rowsOfX([x, 0]))
    if (run === undefined) return
    const answered = run.then(
      ({ outputs }) => {
        if (valuesOfY(outputs)[0] !== 2 * x + index) this.problems.push(`model ${index} answered for another`)
      },
      (error) => {
        const code = error.code
        if (code !== TRANSIENT.code && code !== 'serving.insufficient_memory') {
          this.problems.push(`model ${index} failed: ${error}`)
        }
      },
    )
    this.answers.push(answered)
  }

  async addResident(memoryBytes: number): Promise<void> {
    const owner = {}
    await this.tracker.reserve({ owner, id: { name: 'resident', version: 1 }, memoryBytes }).then(
      () => {
        this.#residents.push(owner)
        this.#took(memoryBytes)
      },
      () => undefined,
    )
  }

  removeResident(): void {
    const owner = this.#residents.shift()
    if (owner === undefined) return
    this.#bytes -= this.tracker.bytesOf(owner)
    this.tracker.release(owner)
  }

  #took(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > LIMIT) this.problems.push(`${this.#bytes} of ${LIMIT} bytes are in memory`)
  }

  #create(index: number): OnDemandServable {
    return new OnDemandServable({
      ...{ id: { name: `m${index}`, version: 1 }, signature: LINE_SIGNATURE, batchable: true, role: 'live' },
      ...{ tracker: this.tracker, clock: this.clock, slots: new Limiter(2) },
      retry: { attempts: 4, initialDelayMs: 100, delayMsMax: 300 },
      contextOf: () => ({ role: 'idle' }),
      onTrouble: () => undefined,
      onUnloadError: (error) => this.problems.push(String(error)),
      createLoader: () => this.#createLoader(index),
    })
  }

  #createLoader(index: number): Loader<ModelServable> {
    const memoryBytes = 1 + (index % 4)
    let running = 0
    let taken = false
    return {
      estimateResources: async () => ({ memoryBytes, executors: 1 }),
      load: async () => {
        taken = true
        this.#took(memoryBytes)
        await this.#held.load?.passed
        if (this.failing.delete(index)) throw TRANSIENT
        const model = new FakeModel({ offset: index })
        return {
          ...{ signature: model.signature, batchable: true },
          run: async (inputs) => {
            running += 1
            await this.#held.run?.passed
            if (!taken) this.problems.push(`model ${index} runs after it was unloaded`)
            running -= 1
            return model.run(inputs)
          },
        }
      },
      unload: async () => {
        if (running > 0) this.problems.push(`model ${index} was unloaded while it ran`)
        await this.#held.unload?.passed
        if (taken) this.#bytes -= memoryBytes
        taken = false
      },
    }
  }
}

async function play(world: World, events: readonly Event[]): Promise<void> {
  const residents: Promise<void>[] = []
  for (const one of events) {
    if (one.kind === 'ask') world.ask(one.model, one.x)
    else if (one.kind === 'proceed') world.proceed()
    else if (one.kind === 'hold') world.hold(one.what)
    else if (one.kind === 'resident') residents.push(world.addResident(one.bytes))
    else if (one.kind === 'residentGone') world.removeResident()
    else if (one.kind === 'failNext') world.failing.add(one.model)
    else await world.clock.advance(one.ms)
    await flush(2)
  }
  world.proceed()
  await Promise.all([...world.answers, ...residents])
  await flush()
}

it('answers every request, keeps to the limit and evicts nothing in use, whatever comes in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60, size: 'max' }), async (events) => {
      const world = new World()
      await play(world, events)
      await Promise.all(world.models.map((model) => model.close()))
      expect(world.problems).toEqual([])
      for (const model of world.models) expect(world.tracker.bytesOf(model)).toBe(0)
    }),
    { numRuns: 100 },
  )
})
