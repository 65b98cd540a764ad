import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { ExtraNode } from '../support/extra-node.ts'
import { Load } from '../support/load/load.ts'
import type { LoadRecord } from '../support/load/load-record.ts'
import { BODIES, ROWS, scaledModel } from '../support/models.ts'
import { Platform } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { report } from '../support/report.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'

const MODEL = 'spread'
const RATE = 90
const POLICY = rolloutPolicy({
  ...{ canary: [50], canaryMinPairs: 30, canaryMinDuration: '1s', bake: '4s' },
  approval: { required: 1 },
})
/** What is killed, by what its process is called and what its supervisor says when it is back. */
const VICTIMS = {
  'a node': { process: 'apps/serving/dist/main', back: /serving node \d is ready again/ },
  'the controller': { process: 'apps/controller/dist/main', back: /controller is ready again/ },
  'the database': { process: '/bin/postgres', back: /database is ready again/ },
} as const
const STEPS = ['preparing', 'shadow', 'approval', 'canary', 'promoting', 'bake'] as const
type Victim = keyof typeof VICTIMS

let platform: Platform
let clone: Clone
let load: Load
let next = 1

beforeAll(async () => {
  platform = await Platform.start({ name: 'rollout-nodes', args: ['--nodes', '3'] })
  clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: next, bytes: scaledModel(next), config: POLICY })
  await platform.untilLive(MODEL, next)
  load = await Load.begin({
    url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
    ...{ ratePerSecond: RATE, bodies: BODIES },
  })
})

afterAll(async () => {
  await load?.end()
  await platform?.close()
})

/** The next version; each answers with other numbers in the same order. */
async function push(): Promise<number> {
  next += 1
  await clone.pushVersion({ model: MODEL, number: next, bytes: scaledModel(next) })
  return next
}

function untilStep(step: (typeof STEPS)[number], number: number) {
  return platform.until(
    MODEL,
    `v${number} comes to ${step}`,
    ({ rollout }) => rollout?.version === number && reached(rollout.step, step),
    90_000,
  )
}

/** A step that passes in a moment may be over when one looks: then the kill falls into the next. */
function reached(now: string, step: (typeof STEPS)[number]): boolean {
  return STEPS.indexOf(now as (typeof STEPS)[number]) >= STEPS.indexOf(step)
}

async function approve(number: number): Promise<void> {
  await untilStep('approval', number)
  // The console may be starting again with the database.
  await waitFor(
    'an approval',
    async () => (await platform.cli(['approve', MODEL, String(number)])).code === 0,
    { timeoutMs: 60_000 },
  )
}

async function untilDone(number: number) {
  const status = await waitFor(
    `v${number} to be done`,
    async () => {
      const now = await platform.status(MODEL).catch(() => undefined)
      return now?.rollout?.version === number && now.rollout.state === 'succeeded' ? now : undefined
    },
    { timeoutMs: 120_000, everyMs: 200 },
  )
  expect(status.live).toBe(number)
  return status
}

/** Nothing of the record is lost or there twice, and the log is whole. */
async function recordIsRight(number: number): Promise<void> {
  const { promotions } = await platform.control.model.query({ name: MODEL })
  expect(promotions.filter(({ to }) => to === number)).toHaveLength(1)
  const { entries } = await platform.control.audit.query({ model: MODEL, limit: 100 })
  expect(entries.filter((entry) => entry.version === number && entry.action === 'promoted')).toHaveLength(1)
  expect(await platform.control.verifyAudit.query()).toMatchObject({ ok: true })
}

/** The greatest distance of generations among answers that were under way at the same moment. */
function greatestSkew(records: readonly LoadRecord[]): number {
  let skew = 0
  const sorted = [...records].sort((left, right) => left.scheduledAtMs - right.scheduledAtMs)
  for (const [at, { generation, endedAtMs }] of sorted.entries()) {
    for (const later of sorted.slice(at + 1, at + RATE)) {
      if (later.scheduledAtMs > endedAtMs) break
      if (generation !== null && later.generation !== null) {
        skew = Math.max(skew, Math.abs(generation - later.generation))
      }
    }
  }
  return skew
}

describe('a promotion on three nodes under load', () => {
  it('fails no request, and no two answers of one moment are more than one generation apart', async () => {
    const number = await push()
    await approve(number)
    await untilDone(number)
    await load.untilAnsweredBy(number)
    expect(load.failed).toEqual([])
    expect(greatestSkew(load.records)).toBeLessThanOrEqual(1)
    await recordIsRight(number)
  })
})

describe.each(Object.keys(VICTIMS) as Victim[])('kill -9 of %s', (victim) => {
  it.each(STEPS)('at %s leaves a line that comes to its right end', async (step) => {
    const { process: name, back } = VICTIMS[victim]
    const failedBefore = load.failed.length
    const number = await push()
    if (STEPS.indexOf(step) > STEPS.indexOf('approval')) await approve(number)
    await untilStep(step, number)
    const said = platform.run.output.length
    process.kill(platform.process(name).pid, 'SIGKILL')
    await waitFor(`${victim} to be back`, () => back.test(platform.run.output.slice(said)), {
      timeoutMs: 60_000,
    })
    if (STEPS.indexOf(step) <= STEPS.indexOf('approval')) await approve(number)
    await untilDone(number)
    await waitFor('an answer of it', () => load.records.at(-1)?.version === number, { timeoutMs: 60_000 })
    await recordIsRight(number)
    // What a killed node was answering is gone with it; nothing else may be.
    const failed = load.failed.length - failedBefore
    if (victim !== 'a node') expect(failed).toBe(0)
    else expect(failed).toBeLessThan(RATE)
    report(`kill -9 of ${victim} at ${step}`, `${failed} requests failed`)
  })
})

describe('a node that is cut off from the record and comes back', () => {
  it('goes on with its last plan and says so, holds nobody up, and follows when it is back', async () => {
    const before = next
    const cut = await ExtraNode.join(platform, 'serving-cut')
    try {
      await waitFor('it to answer', async () => (await ask(cut)).version === before, { timeoutMs: 60_000 })
      cut.record.cut()
      const number = await push()
      await approve(number)
      await untilDone(number)
      expect(await ask(cut)).toMatchObject({ status: 200, version: before })
      // A plan of a moment ago counts as current: the rollout may have been quicker than that.
      const aged = await waitFor(
        'it to say how old its plan is',
        async () => {
          const answer = await ask(cut)
          return answer.headers.has('understudy-plan-age') ? answer : undefined
        },
        { timeoutMs: 60_000 },
      )
      expect(aged).toMatchObject({ status: 200, version: before })
      expect(Number(aged.headers.get('understudy-plan-age'))).toBeGreaterThan(0)
      cut.record.mend()
      await waitFor('it to follow', async () => (await ask(cut)).version === number, { timeoutMs: 60_000 })
      await recordIsRight(number)
    } finally {
      await cut.end()
    }
  })
})

function ask(node: ExtraNode) {
  return predict(node.url, MODEL, { instances: [ROWS[0]] })
}
