import { STICKY_KEY_HEADER } from '@understudy/core'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { faultyModel } from '../support/faulty-models.ts'
import { markedBodies } from '../support/marked-bodies.ts'
import { ROWS, scaledModel } from '../support/models.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'
import { RolloutRig } from '../support/rollout-rig.ts'

const CANARY = rolloutPolicy({ canary: [20, 50], canaryMinPairs: 40, canaryMinDuration: '1s', bake: '3s' })
const TROUBLE_RATE = 60

let rig: RolloutRig

beforeAll(async () => {
  rig = await RolloutRig.open()
})
afterEach(() => rig?.endLoads())

describe('a good version with canary weights and a bake', () => {
  const model = 'careful'

  it('answers its share in canary, then all, and is done when the bake is over; no request fails', async () => {
    const { platform, clone } = rig
    await rig.newModel(model, CANARY)
    const load = await rig.load(model)
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await rig.untilStep(model, 'canary')
    expect(await platform.ok(['why', model])).toMatch(/canary/i)
    await rig.untilStep(model, 'bake')
    const { live, rollout, versions } = await rig.untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 2, state: 'succeeded', verdict: 'pass' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('proven')
    await load.untilAnsweredBy(2)
    const ended = await load.stop()
    expect(load.failed).toEqual([])
    const canary = ended.filter(({ variant }) => variant === 'canary')
    expect(canary.length).toBeGreaterThan(20)
    expect(canary.every(({ version }) => version === 2)).toBe(true)
    expect(await platform.ok(['history', model])).toMatch(/v1 +v2 +evidence +controller/)
  })

  it('keeps a caller that names a key with one version for as long as a weight stands', async () => {
    const { platform, clone } = rig
    await rig.load(model)
    await clone.pushVersion({ model, number: 3, bytes: scaledModel(3) })
    await rig.untilStep(model, 'canary')
    const seen = new Map<string, Set<number | null>>()
    const ask = async (key: string) => {
      const headers = { [STICKY_KEY_HEADER]: key }
      const { version } = await platform.predict(model, { instances: [ROWS[0]] }, { headers })
      seen.set(key, (seen.get(key) ?? new Set()).add(version))
    }
    const keys = Array.from({ length: 12 }, (_, at) => `caller-${at}`)
    for (let round = 0; round < 4; round++) await Promise.all(keys.map(ask))
    // A weight may have grown meanwhile: then a caller moves once, and never back.
    for (const versions of seen.values()) expect([[2], [3], [2, 3]]).toContainEqual([...versions])
    await rig.untilEnded(model, 3)
  })
})

describe('a version whose fault begins only in canary', () => {
  it('is taken off and withdrawn, what is live stays, and no request fails', async () => {
    const { clone } = rig
    const model = 'late-fault'
    await rig.newModel(
      model,
      rolloutPolicy({
        ...{ canary: [30, 60], canaryMinDuration: '1m', bake: '1m' },
        gates: { errors: { margin: 0.02 } },
      }),
    )
    const quiet = await rig.load(model)
    await clone.pushVersion({ model, number: 2, bytes: faultyModel('fails', 2) })
    await rig.untilStep(model, 'canary')
    // What was in order until now weighs enough against what comes.
    await quiet.stop()
    const trouble = await rig.load(model, markedBodies({ oneOf: 2 }), TROUBLE_RATE)
    const { live, rollout, versions } = await rig.untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'failed', reason: 'errors' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('withdrawn')
    await trouble.untilAnsweredBy(1)
    await trouble.stop()
    expect(trouble.failed).toEqual([])
    expect(quiet.failed).toEqual([])
  })
})

describe('a version whose fault begins only in its bake', () => {
  it('is rolled back by itself: the old version answers again, without a hold, and no request fails', async () => {
    const { platform, clone } = rig
    const model = 'later-fault'
    await rig.newModel(model, rolloutPolicy({ bake: '2m' }))
    const quiet = await rig.load(model)
    await clone.pushVersion({ model, number: 2, bytes: faultyModel('flips', 2) })
    await rig.untilStep(model, 'bake')
    await quiet.untilAnsweredBy(2)
    await quiet.stop()
    const trouble = await rig.load(model, markedBodies({ oneOf: 1 }), TROUBLE_RATE)
    const { live, rollout, versions } = await rig.untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'failed', reason: 'rolledBack' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('withdrawn')
    expect((await platform.control.model.query({ name: model })).hold).toBeNull()
    await trouble.untilAnsweredBy(1)
    await trouble.stop()
    expect([...trouble.failed, ...quiet.failed]).toEqual([])
    expect(await platform.ok(['history', model])).toMatch(/v2 +v1 +rollback/)
  })
})
