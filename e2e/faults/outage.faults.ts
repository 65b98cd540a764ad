import { SERVED_BY_HEADERS } from '@understudy/core'
import { type ProcessEntry, processTree, stillRunning, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, IMMEDIATE, ROWS, scaledModel } from '../support/models.ts'
import { Platform } from '../support/platform.ts'

const MODEL = 'steady'
const BODY = { instances: [ROWS[0]] }

let platform: Platform
let clone: Clone
let load: Load

beforeAll(async () => {
  platform = await Platform.start({ name: 'outage' })
  clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: 1, bytes: scaledModel(1), config: IMMEDIATE })
  await platform.untilLive(MODEL, 1)
  await clone.pushVersion({ model: MODEL, number: 2, bytes: scaledModel(2) })
  await platform.untilLive(MODEL, 2)
})

afterAll(async () => {
  await load?.end()
  await platform?.close()
})

/** Every process of PostgreSQL, the one that the others belong to first. */
function database(): ProcessEntry[] {
  return processTree(platform.process('/bin/postgres').pid)
}

/** Stops the database in the middle of whatever it does: it neither answers nor refuses. Returns the way to let it go on. */
function freezeDatabase(): () => void {
  const frozen = database()
  for (const { pid } of frozen) process.kill(pid, 'SIGSTOP')
  return () => {
    for (const { pid } of frozen) process.kill(pid, 'SIGCONT')
  }
}

function kill(entry: ProcessEntry): void {
  process.kill(entry.pid, 'SIGKILL')
}

/** The console's program changes its own title. */
function consoleProcess(): ProcessEntry {
  const found = platform.processes().find(({ commandLine }) => commandLine.startsWith('next-server'))
  if (!found) throw new Error('no process of the platform is the console')
  return found
}

async function answers(version: number): Promise<void> {
  await waitFor(
    `the answer of v${version}`,
    async () => (await platform.predict(MODEL, BODY)).version === version,
    { timeoutMs: 40_000 },
  )
}

/** Kills a process and waits until its supervisor has noticed and has it back. */
async function isBack(name: string, killed: () => void): Promise<void> {
  const said = platform.run.output.length
  killed()
  await waitFor(
    `${name} to be back`,
    () => platform.run.output.slice(said).includes(`${name} is ready again`),
    {
      timeoutMs: 40_000,
    },
  )
  expect(platform.run.output.slice(said)).toMatch(
    new RegExp(`${name} (was ended by SIGKILL|ended with code \\d+); it starts again`),
  )
}

describe('a database that is away', () => {
  beforeAll(async () => {
    load = await Load.begin({
      url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
      ratePerSecond: 60,
      bodies: BODIES,
    })
  })

  it('costs no answer when it crashes under load, and comes back', async () => {
    await isBack('database', () => kill(database()[0] as ProcessEntry))
    await load.more(60)
    expect(load.failed).toEqual([])
  })

  it('costs no answer when it hangs under load; answers say how old their plan is until it is back', async () => {
    const thaw = freezeDatabase()
    const aged = await waitFor('an answer that says how old its plan is', () =>
      load.records.findLast(({ planAgeMs }) => planAgeMs !== null),
    ).finally(thaw)
    expect(aged.planAgeMs).toBeGreaterThanOrEqual(10_000)
    await waitFor('answers from a current plan', () => load.records.at(-1)?.planAgeMs === null)
    const records = await load.stop()
    expect(load.failed).toEqual([])
    expect(new Set(records.map(({ version }) => version))).toEqual(new Set([2]))
  })

  it('does not keep a node from starting again and answering from the plan on its disk', async () => {
    const thaw = freezeDatabase()
    try {
      kill(platform.process('apps/serving/dist'))
      await answers(2)
      const { headers } = await platform.predict(MODEL, BODY)
      expect(Number(headers.get(SERVED_BY_HEADERS.planAge))).toBeGreaterThan(0)
    } finally {
      thaw()
    }
    await waitFor(
      'an answer from a current plan',
      async () => (await platform.predict(MODEL, BODY)).headers.get(SERVED_BY_HEADERS.planAge) === null,
    )
  })
})

describe('a process that is killed comes back and goes on', () => {
  it('the controller, which takes the next push', async () => {
    await isBack('controller', () => kill(platform.process('apps/controller/dist')))
    await clone.pushVersion({ model: MODEL, number: 3, bytes: scaledModel(3) })
    await platform.untilLive(MODEL, 3)
    await answers(3)
  })

  it('the serving node, which answers with the same versions', async () => {
    await isBack('serving node', () => kill(platform.process('apps/serving/dist')))
    await answers(3)
  })

  it('every executor, without an end of the node that held them', async () => {
    const node = platform.process('apps/serving/dist')
    const executors = processTree(node.pid).filter(({ commandLine }) => commandLine.includes('executor/main'))
    // The one that the small models share, and the spare.
    expect(executors.length).toBeGreaterThanOrEqual(2)
    for (const executor of executors) kill(executor)
    await answers(3)
    expect(stillRunning(executors)).toEqual([])
    await waitFor(
      'iris',
      async () => (await platform.predict('iris', { instances: [[5.1, 3.5, 1.4, 0.2]] })).version === 1,
    )
    expect(platform.process('apps/serving/dist').pid).toBe(node.pid)
  })

  it('the console', async () => {
    await isBack('console', () => kill(consoleProcess()))
    expect((await platform.status(MODEL)).live).toBe(3)
  })
})

describe('understudy up refuses with one sentence and exit code 1', () => {
  it('a second start on the same data folder', async () => {
    const second = platform.up()
    expect(await second.exit).toBe(1)
    expect(second.errors).toMatch(
      /^understudy: Understudy already runs on the data folder \S+ \(process \d+\)\. Stop the other one, .*\n$/,
    )
    expect(await platform.predict(MODEL, BODY)).toMatchObject({ status: 200, version: 3 })
  })

  it('a port that is taken', async () => {
    const other = await Platform.create({ name: 'taken-port' })
    const run = other.up({ UNDERSTUDY_REST_PORT: String(platform.restPort) })
    expect(await run.exit).toBe(1)
    expect(run.errors).toMatch(
      new RegExp(
        `^understudy: Port ${platform.restPort} for predictions over REST is taken by another process; .*\\n$`,
      ),
    )
    expect(await other.leftovers()).toEqual([])
    await other.close()
  })
})

describe('the end of everything', () => {
  it('leaves no process when the supervisor itself is killed, PostgreSQL and executors included', async () => {
    // PostgreSQL, executors, console and all between: each would be named if it stayed.
    platform.processes()
    expect((await platform.leftovers()).length).toBeGreaterThan(12)
    platform.run.signal('SIGKILL')
    await waitFor('nothing to be left', async () => {
      const left = await platform.leftovers()
      if (left.length > 0) throw new Error(left.join(', '))
      return true
    })
  })

  it('is no end of the data: the next start serves the same versions and holds the whole record', async () => {
    await platform.up().running()
    await answers(3)
    expect(await platform.status(MODEL)).toMatchObject({ live: 3, previous: 2, drift: null })
    expect(await platform.ok(['audit', 'verify'])).toContain('The audit log is whole')
  })

  it('leaves no process and no open port after SIGTERM, and exits with 0', async () => {
    await platform.stop()
  })
})
