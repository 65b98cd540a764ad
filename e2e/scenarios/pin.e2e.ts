import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, scaledModel } from '../support/models.ts'
import type { PlatformAccess } from '../support/platform-access.ts'
import { sharedPlatform } from '../support/shared-platform.ts'

const FILE = 'environments/production.yaml'
const RATE = 100
const model = 'pinned'

let platform: PlatformAccess
let clone: Clone
const loads: Load[] = []

beforeAll(async () => {
  platform = await sharedPlatform()
  clone = await platform.clone()
})

afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.end()))
})

afterAll(async () => {
  // The next file finds a repository that pins nothing.
  await clone?.remove(FILE)
  await clone?.push('Pin nothing')
  await platform?.untilLive(model, 3)
})

/** A load on a path below the model. */
async function begin(at: string): Promise<Load> {
  const url = `${platform.restUrl}/v1/models/${model}${at}:predict`
  const load = await Load.begin({ url, ratePerSecond: RATE, bodies: BODIES })
  loads.push(load)
  return load
}

async function say(entry: string): Promise<void> {
  await clone.write({ [FILE]: `models: {${model}: ${entry}}\n` })
  await clone.push(`Say ${entry}`)
}

function untilLabelled(number: number) {
  return platform.until(model, `stable points to v${number}`, ({ labels }) => labels[0]?.number === number)
}

describe('a version that Git pins', () => {
  it('is live again as soon as it is warm, also an older one, and no request fails', async () => {
    const config = 'rollout: {strategy: immediate}\n'
    for (const number of [1, 2]) {
      await clone.pushVersion({ model, number, bytes: scaledModel(number), config })
      await platform.untilLive(model, number)
    }
    const live = await begin('')
    await live.untilAnsweredBy(2)
    await say('{live: 1}')
    await live.untilAnsweredBy(1)
    await clone.pushVersion({ model, number: 3, bytes: scaledModel(3) })
    const { drift } = await platform.until(model, 'v3 waits', (status) => status.drift?.reason === 'pinned')
    expect(drift).toMatchObject({ reason: 'pinned' })
    await live.stop()
    expect(live.failed).toEqual([])
    expect(await platform.ok(['why', model])).toContain(`${FILE} pins v1, which is live`)
  })
})

describe('a label that Git gives', () => {
  it('answers with its version once that is loaded, and moves to another without a failed request', async () => {
    await say('{live: 1, labels: {stable: 3}}')
    await untilLabelled(3)
    const stable = await begin('/labels/stable')
    await stable.untilAnsweredBy(3)
    await say('{live: 1, labels: {stable: 2}}')
    await stable.untilAnsweredBy(2)
    await stable.stop()
    expect(stable.failed).toEqual([])
    expect(await platform.ok(['status', model])).toContain('label: stable v2')
    expect((await platform.predict(model, BODIES[0])).version).toBe(1)
  })
})
