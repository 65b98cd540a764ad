import { STICKY_KEY_HEADER } from '@understudy/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type BorrowedPlatform, borrowPlatform } from '../support/borrow-platform.ts'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, ROWS, scaledModel } from '../support/models.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'

const RATE = 120
const CANARY = rolloutPolicy({ canary: [20, 50], canaryMinPairs: 40, canaryMinDuration: '1s', bake: '3s' })

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

describe('a good version with canary weights and a bake', () => {
  const model = 'careful'

  it('answers its share in canary, then all, and is done when the bake is over; no request fails', async () => {
    await firstVersion(model, CANARY)
    const records = await begin(model)
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await untilStep(model, 'canary')
    expect(await platform.ok(['why', model])).toMatch(/canary/i)
    await untilStep(model, 'bake')
    const { live, rollout, versions } = await untilEnded(model, 2)
    expect({ live, ...rollout }).toMatchObject({ live: 2, state: 'succeeded', verdict: 'pass' })
    expect(versions.find(({ number }) => number === 2)?.standing).toBe('proven')
    await records.untilAnsweredBy(2)
    const ended = await records.stop()
    expect(records.failed).toEqual([])
    const canary = ended.filter(({ variant }) => variant === 'canary')
    expect(canary.length).toBeGreaterThan(20)
    expect(canary.every(({ version }) => version === 2)).toBe(true)
  })

  it('keeps a caller that names a key with one version for as long as a weight stands', async () => {
    await begin(model)
    await clone.pushVersion({ model, number: 3, bytes: scaledModel(3) })
    await untilStep(model, 'canary')
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
    await untilEnded(model, 3)
  })
})

describe('what a person may do to an open rollout', () => {
  const model = 'handled'

  it('is to pause it, go on, and abort it, from the command line, each once however often it is said', async () => {
    await firstVersion(model, rolloutPolicy({ shadow: { minPairs: 100_000 } }))
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await untilStep(model, 'shadow')
    expect(await platform.ok(['pause', model])).toMatch(/^Paused handled v2/)
    await platform.ok(['pause', model])
    expect((await platform.status(model)).rollout).toMatchObject({ state: 'paused', reason: 'byUser' })
    expect(await platform.ok(['why', model])).toContain('understudy resume')
    await platform.ok(['resume', model])
    await untilStep(model, 'shadow')
    await platform.ok(['abort', model, '--reason', 'not today'])
    expect((await untilEnded(model, 2)).rollout).toMatchObject({ state: 'aborted', reason: 'byUser' })
  })

  it('is to rehearse a version: its verdict is recorded, its standing is not touched, and it does not go live', async () => {
    const rehearsed = 'rehearsed'
    await firstVersion(rehearsed, rolloutPolicy())
    await begin(rehearsed)
    await platform.ok(['hold', rehearsed, '--reason', 'an audit is on', '--for', '1h'])
    await clone.pushVersion({ model: rehearsed, number: 2, bytes: scaledModel(2) })
    await platform.until(rehearsed, 'it is held', ({ rollout }) => rollout?.reason === 'held', 60_000)
    await platform.ok(['abort', rehearsed, '--reason', 'rehearse it instead'])
    await untilEnded(rehearsed, 2)
    await platform.ok(['rehearse', rehearsed, '2'])
    const { live, rollout } = await platform.until(
      rehearsed,
      'the rehearsal ends',
      (status) => status.rollout?.reason === 'rehearsed',
      60_000,
    )
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'aborted', verdict: 'pass' })
    await platform.ok(['hold', rehearsed, '--release'])
    expect((await platform.control.model.query({ name: rehearsed })).hold).toBeNull()
  })
})

describe('the verdict of a rollout', () => {
  it('is computed again from stored counters, and printed with them', async () => {
    const text = await platform.ok(['evidence', 'careful', '2'])
    expect(text).toMatch(/the same verdict: pass/i)
    expect(text).toMatch(/errors/)
    expect(text).toMatch(/disagreement/)
  })

  it('stands in the history of the model, with who and when', async () => {
    expect(await platform.ok(['history', 'careful'])).toMatch(/v1 +v2 +evidence +controller/)
  })
})
