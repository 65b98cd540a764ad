import { TestClock } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServableHandle } from '../servable.ts'
import { PERMANENT, TRANSIENT } from '../test-support/errors.ts'
import type { FakeServable } from '../test-support/fake-loader.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { managerRig } from '../test-support/manager-rig.ts'

type Step =
  | { readonly kind: 'plan'; readonly versions: readonly number[]; readonly live: number }
  | { readonly kind: 'acquire'; readonly version: number | 'live' }
  | { readonly kind: 'release' }
  | { readonly kind: 'open'; readonly version: number }
  | { readonly kind: 'reconcile' }
  | { readonly kind: 'time'; readonly ms: number }

const version = fc.integer({ min: 1, max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ versions: fc.uniqueArray(version, { minLength: 1, maxLength: 3 }), pick: fc.nat() })
    .map(({ versions, pick }) => ({
      ...{ kind: 'plan' as const, versions },
      live: versions[pick % versions.length] ?? 1,
    })),
  fc.record({
    kind: fc.constant('acquire' as const),
    version: fc.oneof(version, fc.constant('live' as const)),
  }),
  fc.constant({ kind: 'release' as const }),
  fc.record({ kind: fc.constant('open' as const), version }),
  fc.constant({ kind: 'reconcile' as const }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 4_000 }) }),
)
const behaviour = fc.constantFrom('fast', 'slow', 'flaky', 'broken')

/** A node with random plans, loads that are fast, slow, flaky or broken, and callers that hold on. */
class Simulation {
  readonly clock = new TestClock()
  readonly rig: ReturnType<typeof managerRig>
  readonly #gates = new Map<number, Gate>()
  readonly #held: ServableHandle<FakeServable>[] = []
  #plan: { readonly live: number; readonly generation: number } = { live: 0, generation: 0 }
  #wasLive = false

  constructor(loadConcurrency: number, behaviours: readonly string[]) {
    this.rig = managerRig({ clock: this.clock, loadConcurrency })
    for (const [index, kind] of behaviours.entries()) this.#script(index + 1, kind)
  }

  #script(number: number, kind: string): void {
    const gate = new Gate()
    if (kind === 'slow') this.#gates.set(number, gate)
    this.rig.loaders.script(
      { name: 'm', version: number },
      {
        ...(kind === 'slow' ? { gate, deaf: number % 2 === 0 } : {}),
        loadErrors:
          kind === 'flaky'
            ? [TRANSIENT, undefined, TRANSIENT]
            : kind === 'broken'
              ? Array(50).fill(PERMANENT)
              : [],
      },
    )
  }

  async play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'plan':
        this.#plan = { live: step.live, generation: this.#plan.generation + 1 }
        this.rig.aspire('m', ...step.versions)
        break
      case 'acquire':
        this.#acquire(step.version)
        break
      case 'release':
        this.#held.shift()?.release()
        break
      case 'open':
        this.#gates.get(step.version)?.open()
        break
      case 'reconcile':
        await this.rig.step()
        break
      case 'time':
        await this.clock.advance(step.ms)
    }
    this.#moveLabel()
    await flush(2)
  }

  #acquire(wanted: number | 'live'): void {
    try {
      const request = wanted === 'live' ? { name: 'm', label: 'live' } : { name: 'm', version: wanted }
      this.#held.push(this.rig.manager.acquire(request))
    } catch {
      // Not there: the invariants say when that is allowed.
    }
  }

  #moveLabel(): void {
    const { live, generation } = this.#plan
    if (live === 0 || !this.rig.manager.isAvailable({ name: 'm', version: live })) return
    this.rig.manager.setLabels('m', { live }, generation)
    this.#wasLive = true
  }

  check(): void {
    if (this.#wasLive) {
      const { servable } = this.rig.manager.resolve({ name: 'm', label: 'live' })
      expect(servable.alive, 'a model with a live label always answers').toBe(true)
    }
    for (const handle of this.#held) {
      const held = handle.servable.alive || handle.revoked.aborted
      expect(held, 'no handle outlives its servable, unless it was told').toBe(true)
    }
    for (const { name, version: number } of this.rig.manager.listAvailable()) {
      expect(this.rig.manager.resolve({ name, version: number }).servable.alive).toBe(true)
    }
    expect(this.rig.loaders.violations).toEqual([])
  }

  async end(): Promise<void> {
    for (const gate of this.#gates.values()) gate.open()
    for (const handle of this.#held) handle.release()
    await flush()
    await this.rig.manager.close({ drainTimeoutMs: 0 })
    expect(this.rig.loaders.alive, 'everything loaded is unloaded in the end').toBe(0)
    expect(this.rig.monitor.all()).toEqual([])
  }
}

describe('the manager under random plans, loads and callers', () => {
  it.each([1, 4])('holds its invariants with %d loads at a time', async (loadConcurrency) => {
    const scenario = fc.record({
      behaviours: fc.tuple(behaviour, behaviour, behaviour, behaviour),
      steps: fc.array(step, { maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ behaviours, steps }) => {
        const simulation = new Simulation(loadConcurrency, behaviours)
        for (const next of steps) {
          await simulation.play(next)
          simulation.check()
        }
        await simulation.end()
      }),
      { numRuns: 150 },
    )
  })
})
