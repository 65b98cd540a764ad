import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, IMMEDIATE, ROWS, scaledModel } from '../support/models.ts'
import { Platform } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'

const MODEL = 'spread'
const RATE = 60
/** One load keeps its connections, the other has a new one for each request. */
const HEADERS: readonly Readonly<Record<string, string>>[] = [{}, { connection: 'close' }]

let platform: Platform
let clone: Clone
const loads: Load[] = []

beforeAll(async () => {
  platform = await Platform.start({ name: 'nodes', args: ['--nodes', '2'] })
  clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: 1, bytes: scaledModel(1), config: IMMEDIATE })
  await platform.untilLive(MODEL, 1)
})

afterAll(async () => {
  for (const load of loads) await load.end()
  await platform?.close()
})

/** Where each node answers by itself. */
async function nodeUrls(): Promise<string[]> {
  const { nodes } = await platform.control.status.query({})
  return nodes.map(({ restUrl }) => restUrl)
}

async function untilEveryNodeAnswers(version: number): Promise<void> {
  for (const url of await nodeUrls()) {
    await waitFor(`v${version} on ${url}`, async () => {
      const answer = await predict(url, MODEL, { instances: [ROWS[0]] })
      return answer.version === version
    })
  }
}

/** The process of a node, as its log names it last. */
async function pidOf(node: number): Promise<number> {
  const ready = (await platform.log(`serving-node-${node}`)).match(/.*"event":"ready".*/g)?.at(-1)
  return JSON.parse(ready ?? '{}').pid
}

async function beginLoads(): Promise<void> {
  const url = `${platform.restUrl}/v1/models/${MODEL}:predict`
  for (const headers of HEADERS) {
    loads.push(await Load.begin({ url, ratePerSecond: RATE, bodies: BODIES, headers }))
  }
}

describe('a platform of two nodes', () => {
  it('says that there are two, and where', async () => {
    expect(platform.run.output).toContain(`Nodes     2, behind a balancer on 127.0.0.1:${platform.restPort}`)
    expect(await platform.ok(['status'])).toContain('nodes: 2 of 2 ready: serving-1, serving-2')
    const urls = await nodeUrls()
    expect(new Set(urls).size).toBe(2)
    expect(urls).not.toContain(platform.restUrl)
    await untilEveryNodeAnswers(1)
  })

  it('loses no request while each node in turn is stopped and comes back', async () => {
    await beginLoads()
    for (const node of [1, 2]) {
      process.kill(await pidOf(node), 'SIGTERM')
      await platform.run.says(`serving node ${node} is ready again`)
      for (const load of loads) await load.more(RATE)
    }
    expect(platform.run.output).toMatch(/serving node 1 ended with code 0; it starts again/)
    for (const load of loads) expect(load.failed).toEqual([])
    await waitFor('both to be in the status', async () =>
      (await platform.ok(['status'])).includes('nodes: 2 of 2 ready'),
    )
  })

  it('changes the version on both under load, without a failed request', async () => {
    await clone.pushVersion({ model: MODEL, number: 2, bytes: scaledModel(2) })
    await platform.untilLive(MODEL, 2)
    await untilEveryNodeAnswers(2)
    for (const load of loads) {
      await load.untilAnsweredBy(2)
      await load.stop()
      expect(load.failed).toEqual([])
    }
  })

  it('goes on when the balancer is killed', async () => {
    process.kill(platform.process('apps/cli/dist/balancer').pid, 'SIGKILL')
    await platform.run.says('balancer is ready again')
    await waitFor(
      'an answer',
      async () => (await platform.predict(MODEL, { instances: [ROWS[0]] })).status === 200,
    )
  })

  it('ends and leaves nothing', async () => {
    await platform.stop()
  })
})

describe('understudy up refuses with one sentence', () => {
  it('a number of nodes that is none', async () => {
    const other = await Platform.create({ name: 'nodes-refused', args: ['--nodes', 'many'] })
    const run = other.up()
    expect(await run.exit).toBe(1)
    expect(run.errors).toMatch(/^understudy: --nodes is a whole number from 1 to 16, not "many"\..*\n$/)
    await other.close()
  })
})
