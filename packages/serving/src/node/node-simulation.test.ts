import {
  type InferenceResponse,
  type MirrorPlan,
  PlatformError,
  type ServingPlan,
  STICKY_KEY_HEADER,
} from '@understudy/core'
import { TestClock } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignVersion } from '../predict/assign-version.ts'
import { PERMANENT } from '../test-support/errors.ts'
import { rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

const STEPS = ['none', 'shadow', 'canary', 'bake'] as const

type Event =
  | {
      readonly kind: 'replan'
      readonly live: number
      readonly others: readonly number[]
      readonly step: (typeof STEPS)[number]
      readonly share: number
      readonly sample: number
    }
  | { readonly kind: 'ask'; readonly x: number; readonly key: string }
  | { readonly kind: 'replay'; readonly x: number }
  | { readonly kind: 'hold' | 'release'; readonly version: number }
  | { readonly kind: 'load'; readonly version: number; readonly how: 'fast' | 'slow' | 'broken' }
  | { readonly kind: 'fail'; readonly code: (typeof FAILURES)[number] }
  | { readonly kind: 'tick' | 'time' | 'away' }

/** What a candidate may do to its requests without a client noticing. */
const FAILURES = [
  'onnx.run_failed',
  'onnx.run_crashed',
  'serving.executor_lost',
  'serving.run_timeout',
] as const

const version = fc.integer({ min: 1, max: 4 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ kind: fc.constant('replan' as const), live: version, step: fc.constantFrom(...STEPS) },
      others: fc.uniqueArray(version, { maxLength: 2 }),
      share: fc.constantFrom(0.05, 0.25, 0.5, 0.9),
      sample: fc.constantFrom(0.3, 1),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ kind: fc.constant('ask' as const), x: fc.integer({ min: 0, max: 99 }) },
      key: fc.constantFrom('anna', 'bert', 'carl', 'dora', 'emil', ''),
    }),
  },
  fc.record({ kind: fc.constant('replay' as const), x: fc.integer({ min: 0, max: 99 }) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('hold' as const, 'hold' as const, 'release' as const),
      version,
    }),
  },
  fc.record({
    ...{ kind: fc.constant('load' as const), version },
    how: fc.constantFrom('fast' as const, 'slow' as const, 'broken' as const),
  }),
  fc.record({ kind: fc.constant('fail' as const), code: fc.constantFrom(...FAILURES) }),
  { weight: 3, arbitrary: fc.constant({ kind: 'tick' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const) }) },
  fc.record({ kind: fc.constant('away' as const) }),
)

interface Asked {
  readonly x: number
  readonly key: string
  /** The mirrors that were planned while it was under way. */
  readonly mirrors: (MirrorPlan | null)[]
  readonly outcomes: (InferenceResponse | PlatformError)[]
}

/** A run that is mirrored and hangs is given up after 5 s; what is unloaded may take 30 s, and no request may be late. */
const TIME_MS = 6_000
const TIMES_MAX = 4
/** A candidate that hangs is not waited for longer than half of it. */
const TIMEOUT_MS = 25_000

/**
 * A node whose plan goes through rollouts at random while clients ask, runs hang, candidates fail, loads fail and the control plane comes
 * and goes.
 */
class NodeSimulation {
  readonly #clock = new TestClock()
  readonly #rig: ReturnType<typeof nodeRig>
  readonly #asked: Asked[] = []
  readonly #replays: Promise<string>[] = []
  #mirror: MirrorPlan | null = null
  #generation = 1
  #times = 0

  constructor(coins: readonly number[]) {
    let thrown = 0
    this.#rig = nodeRig({
      ...{ clock: this.#clock, plan: servingPlan(modelPlan('m', 1)) },
      random: () => coins[thrown++ % coins.length] ?? 0,
    })
  }

  async start(): Promise<void> {
    this.#rig.core.start()
    await flush()
  }

  async play(next: Event): Promise<void> {
    switch (next.kind) {
      case 'replan':
        this.#heal()
        await this.#rig.replan(this.#plan(next))
        break
      case 'ask':
        this.#ask(next.x, next.key)
        break
      case 'replay':
        this.#replay(next.x)
        break
      case 'hold':
      case 'release':
        this.#hold(next.version, next.kind === 'hold')
        break
      case 'load':
        this.#script(next.version, next.how)
        break
      case 'fail':
        this.#fail(next.code)
        break
      case 'away':
        this.#rig.reader.plan = undefined
        break
      case 'time':
        this.#times += 1
        if (this.#times <= TIMES_MAX) await this.#clock.advance(TIME_MS)
        break
      case 'tick':
        await flush(2)
    }
  }

  #plan({ live, others, step, share, sample }: Extract<Event, { kind: 'replan' }>): ServingPlan {
    this.#generation += 1
    const [other] = others.filter((one) => one !== live)
    const rollout = { rolloutId: `rollout-${this.#generation}`, step, sample, replay: true }
    this.#mirror =
      other === undefined || step === 'none'
        ? null
        : step === 'bake'
          ? mirrorPlan({ ...rollout, baseline: other, candidate: live, candidateShare: 1 })
          : mirrorPlan({
              ...{ ...rollout, baseline: live, candidate: other },
              candidateShare: step === 'canary' ? share : 0,
            })
    for (const asked of this.#asked) if (asked.outcomes.length === 0) asked.mirrors.push(this.#mirror)
    return servingPlan(
      modelPlan('m', this.#generation, {
        versions: [...new Set([live, ...others])],
        labels: other === undefined ? { live } : { live, previous: other },
        mirror: this.#mirror,
      }),
    )
  }

  #ask(x: number, key: string): void {
    const asked: Asked = { x, key: key || `r${this.#asked.length}`, mirrors: [this.#mirror], outcomes: [] }
    this.#asked.push(asked)
    this.#rig.core.predictor.submit?.(
      {
        ...{ requestId: `r${this.#asked.length - 1}`, model: 'm', selector: { kind: 'live' } },
        ...{ inputs: rowsOfX([x, x]), timeoutMs: TIMEOUT_MS },
        header: (name) => (name === STICKY_KEY_HEADER ? key : undefined),
      },
      {
        answered: (response) => void asked.outcomes.push(response),
        failed: (error) => void asked.outcomes.push(error),
      },
    )
  }

  #replay(x: number): void {
    if (this.#mirror === null) return
    const requestId = `kept-${this.#replays.length}`
    this.#replays.push(this.#rig.core.replay(this.#mirror, { requestId, rows: 1, inputs: rowsOfX([x, x]) }))
  }

  #hold(number: number, held: boolean): void {
    const model = this.#rig.models.get(`m@${number}`)
    if (model === undefined) return
    if (held) model.held = true
    else model.releaseAll()
  }

  /** The candidate fails from now on; another rollout finds it sound. */
  #fail(code: (typeof FAILURES)[number]): void {
    if (this.#mirror === null) return
    const model = this.#rig.models.get(`m@${this.#mirror.candidate}`)
    // Without the other version nobody can stand in; and what it took before it was on trial beside this one is its own.
    const { candidate, baseline } = this.#mirror
    const isOfPair = (one: MirrorPlan | null) => one?.candidate === candidate && one.baseline === baseline
    const isOnTrial = this.#asked.every(
      ({ outcomes, mirrors }) => outcomes.length > 0 || mirrors.every(isOfPair),
    )
    if (model === undefined || !this.#isAvailable(baseline) || !isOnTrial) return
    model.error = new PlatformError(code, 'as told')
  }

  /** Not one that only ends what it had begun, and will be loaded anew. */
  #isAvailable(number: number): boolean {
    const statuses = this.#rig.core.servableStatuses()
    return statuses.some(({ version, state }) => version === number && state === 'available')
  }

  #heal(): void {
    for (const model of this.#rig.models.values()) model.error = undefined
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
    // Again and again: a version that was loading may only now get what waits for it.
    for (let turn = 0; turn < 4; turn += 1) {
      for (const model of this.#rig.models.values()) model.releaseAll()
      await flush()
    }
    for (const asked of this.#asked) this.#check(asked)
    await this.#checkHandles()
    await this.#rig.core.close({ drainTimeoutMs: 0 })
    await flush()
    expect(await Promise.all(this.#replays)).not.toContain(undefined)
    for (const outcome of this.#rig.sink.outcomes()) expect(['settled', 'lost']).toContain(outcome)
    expect(this.#rig.models.size, 'everything loaded is unloaded').toBe(0)
  }

  #check({ x, key, mirrors, outcomes }: Asked): void {
    expect(outcomes, 'every request is answered once').toHaveLength(1)
    const [answer] = outcomes
    if (answer === undefined || 'code' in answer) throw answer ?? new Error('There is no answer.')
    const { version: number, digest, variant } = answer.servedBy
    expect(valuesOfY(answer.outputs)[0], 'the named version computed the answer').toBe(2 * x + 100 * number)
    expect(digest).toBe(`digest-${number}`)
    if (variant !== 'canary') return
    const isAllowed = mirrors.some((mirror) => {
      if (mirror === null) return false
      const { candidateShare: share, rolloutId, candidate, baseline } = mirror
      if (share >= 1) return number === baseline
      return number === candidate && assignVersion({ share, rolloutId, key }) === 'candidate'
    })
    expect(isAllowed, 'its weight allows the version').toBe(true)
  }

  /** What is not planned any more is unloaded although no drain ends: nobody has kept a handle. */
  async #checkHandles(): Promise<void> {
    this.#generation += 1
    await this.#rig.replan(
      servingPlan(modelPlan('m', this.#generation, { versions: [9], labels: { live: 9 } })),
    )
    await flush()
    expect([...this.#rig.models.keys()]).toEqual(['m@9'])
  }
}

describe('a node in random rollouts, with slow runs, failing candidates, failing loads and an absent control plane', () => {
  it('answers every request once, from a version that its weight allows, and ends every mirrored run once', async () => {
    const coins = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(coins, fc.array(event, { maxLength: 50, size: 'max' }), async (thrown, events) => {
        const simulation = new NodeSimulation(thrown)
        await simulation.start()
        for (const next of events) await simulation.play(next)
        await simulation.end()
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
