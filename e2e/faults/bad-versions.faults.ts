import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { type Fault, faultyModel } from '../support/faulty-models.ts'
import { describeLatency } from '../support/load/latency.ts'
import { Load } from '../support/load/load.ts'
import { type MarkedBodies, markedBodies } from '../support/marked-bodies.ts'
import { scaledModel } from '../support/models.ts'
import { Platform } from '../support/platform.ts'
import { report } from '../support/report.ts'
import { type PolicyOptions, rolloutPolicy } from '../support/rollout-policy.ts'

/** A version that is bad in a way of its own, the traffic that shows it, and what must catch it. */
interface BadVersion {
  readonly what: string
  readonly model: string
  readonly fault: Fault
  readonly traffic: MarkedBodies
  readonly ratePerSecond: number
  readonly policy: PolicyOptions
  readonly caughtBy: readonly string[]
  /** The version before it. @defaultValue one of a single product */
  readonly before?: Uint8Array
}

const MANY_PAIRS = { minPairs: 20_000 }

const BAD: readonly BadVersion[] = [
  {
    what: 'the class flipped on twice the budget',
    ...{ model: 'flipped', fault: 'flips', traffic: { oneOf: 5 }, ratePerSecond: 200 },
    policy: { shadow: MANY_PAIRS, gates: { errors: { margin: 0.01 }, disagreement: { budget: 0.1 } } },
    caughtBy: ['disagreement'],
  },
  {
    what: '1 % of requests about 400 times slower, where 0.2 % may be',
    ...{ model: 'slow-tail', fault: 'slow', traffic: { oneOf: 100 }, ratePerSecond: 150 },
    policy: {
      shadow: MANY_PAIRS,
      gates: { latency: { margin: 0.2, overMs: 6, overMargin: 0.002, sample: 0.1 } },
    },
    caughtBy: ['slowRuns'],
    // Of the same graph, so that nothing but the rare slow run tells them apart.
    before: faultyModel('harmless', 1),
  },
  {
    what: 'no number once in 10,000 rows, from finite inputs',
    ...{ model: 'no-number', fault: 'notANumber', traffic: { oneOf: 200, rows: 50 }, ratePerSecond: 60 },
    policy: { shadow: MANY_PAIRS },
    caughtBy: ['invariant'],
  },
  {
    what: 'memory taken without measure',
    ...{ model: 'leaking', fault: 'hungry', traffic: { oneOf: 20 }, ratePerSecond: 100 },
    policy: { shadow: MANY_PAIRS, gates: { errors: { margin: 0.01 } }, runtime: { runTimeoutMs: 10_000 } },
    // Refused what it asks for it fails the run; ended for what it has taken it breaks the rule of replacements.
    caughtBy: ['errors', 'invariant'],
  },
  {
    what: 'a native crash on one input',
    ...{ model: 'crashing', fault: 'crashes', traffic: { oneOf: 100 }, ratePerSecond: 100 },
    policy: { shadow: MANY_PAIRS },
    caughtBy: ['invariant'],
  },
  {
    what: '3 % of requests that never end, at a high rate',
    ...{ model: 'hanging', fault: 'endless', traffic: { oneOf: 33 }, ratePerSecond: 200 },
    policy: { shadow: MANY_PAIRS, gates: { errors: { margin: 0.01 } }, runtime: { runTimeoutMs: 300 } },
    caughtBy: ['errors', 'invariant'],
  },
]

let platform: Platform
let clone: Clone
let load: Load | undefined

beforeAll(async () => {
  platform = await Platform.start({ name: 'bad-versions' })
  clone = await platform.clone()
})

afterEach(async () => {
  await load?.end()
  load = undefined
})

afterAll(() => platform?.stop())

describe('a bad version, pushed beside a good one that is busy', () => {
  it.each(BAD)('with $what is caught, and no live request fails', async (bad) => {
    const { model, fault, traffic, ratePerSecond, policy, caughtBy, before = scaledModel(1) } = bad
    await clone.pushVersion({ model, number: 1, bytes: before, config: rolloutPolicy(policy) })
    await platform.untilLive(model, 1)
    load = await Load.begin({
      url: `${platform.restUrl}/v1/models/${model}:predict`,
      ...{ ratePerSecond, bodies: markedBodies(traffic) },
    })
    const beganMs = performance.now()
    await clone.pushVersion({ model, number: 2, bytes: faultyModel(fault, 2) })
    const { live, rollout } = await platform.until(
      model,
      'the rollout of v2 ends',
      (status) => status.rollout?.version === 2 && status.rollout.state === 'failed',
      120_000,
    )
    const tookS = ((performance.now() - beganMs) / 1_000).toFixed(1)
    expect(live).toBe(1)
    expect(caughtBy).toContain(rollout?.reason)
    await load.more(50)
    await load.stop()
    expect(load.failed).toEqual([])
    expect(load.records.every(({ version }) => version === 1)).toBe(true)
    report(
      `bad version, ${bad.what}`,
      `caught by ${rollout?.reason} after ${tookS} s; ${describeLatency(load.records)}`,
    )
  })
})
