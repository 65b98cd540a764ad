import { type InferenceResponse, isPlatformError, type ServingPlan } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PERMANENT } from '../test-support/errors.ts'
import { rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

type Event =
  | {
      readonly kind: 'replan'
      readonly live: number
      readonly others: readonly number[]
      readonly mirror: boolean
    }
  | { readonly kind: 'ask'; readonly x: number }
  | { readonly kind: 'hold' | 'release'; readonly version: number }
  | { readonly kind: 'load'; readonly version: number; readonly how: 'fast' | 'slow' | 'broken' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'away' }

const version = fc.integer({ min: 1, max: 4 })
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('replan' as const), live: version, mirror: fc.boolean() },
    others: fc.uniqueArray(version, { maxLength: 2 }),
  }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), x: fc.integer({ min: 0, max: 99 }) }),
  },
  fc.record({ kind: fc.constantFrom('hold' as const, 'release' as const), version }),
  fc.record({
    ...{ kind: fc.constant('load' as const), version },
    how: fc.constantFrom('fast' as const, 'slow' as const, 'broken' as const),
  }),
  { weight: 2, arbitrary: fc.constant({ kind: 'tick' as const }) },
  fc.constant({ kind: 'away' as const }),
)

interface Asked {
  readonly x: number
  readonly answer: Promise<InferenceResponse | { readonly code: string }>
}

/** A node whose plan changes at random while clients ask, runs hang, loads fail and the control plane comes and goes. */
class NodeSimulation {
  readonly #rig = nodeRig({ clock: new TestClock(), plan: servingPlan(modelPlan('m', 1)) })
  readonly #asked: Asked[] = []
  #generation = 1

  async start(): Promise<void> {
    this.#rig.core.start()
    await flush()
  }

  async play(next: Event): Promise<void> {
    switch (next.kind) {
      case 'replan':
        await this.#rig.replan(this.#plan(next))
        break
      case 'ask':
        this.#ask(next.x)
        break
      case 'hold':
      case 'release':
        this.#hold(next.version, next.kind === 'hold')
        break
      case 'load':
        this.#script(next.version, next.how)
        break
      case 'away':
        this.#rig.reader.plan = undefined
        break
      case 'tick':
        await flush(2)
    }
  }

  #plan({ live, others, mirror }: Extract<Event, { kind: 'replan' }>): ServingPlan {
    this.#generation += 1
    const [candidate] = others.filter((other) => other !== live)
    return servingPlan(
      modelPlan('m', this.#generation, {
        versions: [...new Set([live, ...others])],
        labels: candidate === undefined ? { live } : { live, previous: candidate },
        mirror: mirror && candidate !== undefined ? mirrorPlan({ baseline: live, candidate }) : null,
      }),
    )
  }

  #ask(x: number): void {
    const answer = this.#rig.ask('m', { inputs: rowsOfX([x, x]), timeoutMs: 600_000 })
    const known = answer.catch((error: unknown) => ({
      code: isPlatformError(error) ? error.code : 'unknown',
    }))
    this.#asked.push({ x, answer: known })
  }

  #hold(number: number, held: boolean): void {
    const model = this.#rig.models.get(`m@${number}`)
    if (model === undefined) return
    if (held) model.held = true
    else model.releaseAll()
  }

  #script(number: number, how: 'fast' | 'slow' | 'broken'): void {
    this.#rig.loadGates.get(number)?.open()
    this.#rig.loadGates.delete(number)
    this.#rig.loadErrors.delete(number)
    if (how === 'slow') this.#rig.loadGates.set(number, new Gate())
    if (how === 'broken') this.#rig.loadErrors.set(number, PERMANENT)
  }

  async end(): Promise<void> {
    for (const gate of this.#rig.loadGates.values()) gate.open()
    // Twice: a version that was loading may only now get what waits for it.
    for (let turn = 0; turn < 2; turn += 1) {
      for (const model of this.#rig.models.values()) model.releaseAll()
      await flush()
    }
    for (const { x, answer } of this.#asked) await this.#check(x, await answer)
    await this.#rig.core.close({ drainTimeoutMs: 0 })
    await flush()
    for (const outcome of this.#rig.sink.outcomes()) expect(['settled', 'lost']).toContain(outcome)
    expect(this.#rig.models.size, 'everything loaded is unloaded').toBe(0)
  }

  async #check(x: number, answer: InferenceResponse | { readonly code: string }): Promise<void> {
    expect(answer, 'no request fails').not.toHaveProperty('code')
    if ('code' in answer) return
    const { version: number, digest } = answer.servedBy
    expect(valuesOfY(answer.outputs)[0], 'the named version computed the answer').toBe(2 * x + 100 * number)
    expect(digest).toBe(`digest-${number}`)
  }
}

describe('a node under random plans, slow runs, failing loads and an absent control plane', () => {
  it('answers every request from the version that it names, and ends every mirrored run once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async (events) => {
        const simulation = new NodeSimulation()
        await simulation.start()
        for (const next of events) await simulation.play(next)
        await simulation.end()
      }),
      { numRuns: 100 },
    )
  })
})
