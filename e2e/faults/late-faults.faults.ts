import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type BorrowedPlatform, borrowPlatform } from '../support/borrow-platform.ts'
import type { Clone } from '../support/clone.ts'
import { faultyModel } from '../support/faulty-models.ts'
import { Load } from '../support/load/load.ts'
import { markedBodies } from '../support/marked-bodies.ts'
import { BODIES, scaledModel } from '../support/models.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'

const RATE = 120

let platform: BorrowedPlatform
let clone: Clone
let load: Load | undefined

beforeAll(async () => {
  platform = await borrowPlatform()
  clone = await platform.clone()
})

afterEach(async () => {
  await load?.end()
  load = undefined
})

afterAll(() => platform?.giveBack())

async function begin(model: string, bodies: readonly string[] = BODIES): Promise<Load> {
  load = await Load.begin({ url: urlOf(model), ratePerSecond: RATE, bodies })
  return load
}

function urlOf(model: string): string {
  return `${platform.restUrl}/v1/models/${model}:predict`
}

async function firstVersion(model: string, config: string): Promise<void> {
  await clone.pushVersion({ model, number: 1, bytes: scaledModel(1), config })
  await platform.untilLive(model, 1)
}

function untilStep(model: string, step: string) {
  return platform.until(model, `it comes to ${step}`, ({ rollout }) => rollout?.step === step, 60_000)
}

function untilEnded(model: string, number: number) {
  return platform.until(
    model,
    `the rollout of v${number} ends`,
    ({ rollout }) => rollout?.version === number && !['progressing', 'paused'].includes(rollout.state),
    60_000,
  )
}

describe('a version whose fault begins only in canary', () => {
  const model = 'late-fault'

  it('is taken off and withdrawn, what is live stays, and no request fails', async () => {
    await firstVersion(
      model,
      rolloutPolicy({
        ...{ canary: [30, 60], canaryMinDuration: '1m', bake: '1m' },
        gates: { errors: { margin: 0.02 } },
      }),
    )
    const quiet = await begin(model)
    await clone.pushVersion({ model, number: 2, bytes: faultyModel('fails', 2) })
    await untilStep(model, 'canary')
    // What was in order until now weighs enough against what comes.
    await quiet.stop()
    const trouble = await Load.begin({
      url: urlOf(model),
      ratePerSecond: 60,
      bodies: markedBodies({ oneOf: 2 }),
    })
    const { live, rollout, versions } = await untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'failed', reason: 'errors' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('withdrawn')
    await trouble.untilAnsweredBy(1)
    await trouble.stop()
    expect(trouble.failed).toEqual([])
    expect(quiet.failed).toEqual([])
  })
})

describe('a version whose fault begins only in its bake', () => {
  const model = 'later-fault'

  it('is rolled back by itself: the old version answers again, without a hold, and no request fails', async () => {
    await firstVersion(model, rolloutPolicy({ bake: '2m' }))
    const quiet = await begin(model)
    await clone.pushVersion({ model, number: 2, bytes: faultyModel('flips', 2) })
    await untilStep(model, 'bake')
    await quiet.untilAnsweredBy(2)
    await quiet.stop()
    const trouble = await Load.begin({
      url: urlOf(model),
      ratePerSecond: 60,
      bodies: markedBodies({ oneOf: 1 }),
    })
    const { live, rollout, versions } = await untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'failed', reason: 'rolledBack' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('withdrawn')
    expect((await platform.control.model.query({ name: model })).hold).toBeNull()
    await trouble.untilAnsweredBy(1)
    await trouble.stop()
    expect([...trouble.failed, ...quiet.failed]).toEqual([])
    expect(await platform.ok(['history', model])).toMatch(/v2 +v1 +rollback/)
  })
})
