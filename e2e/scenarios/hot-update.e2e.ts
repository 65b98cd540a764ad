import type { PromotionView } from '@understudy/api/views'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import type { LoadRecord } from '../support/load/load-record.ts'
import { BODIES, quickPolicy, ROWS, scaledModel } from '../support/models.ts'
import { isClose, offlineTruth } from '../support/offline-truth.ts'
import type { PlatformAccess } from '../support/platform-access.ts'
import { sharedPlatform } from '../support/shared-platform.ts'

const MODEL = 'hot'
const VERSIONS = 10
const RATE = 120

/** Taken off again right after they went live: the next version then waits for a person, because live is held. */
const ROLLED_BACK = new Set([3, 6, 10])

const bytesOf = (number: number) => scaledModel(1 + number / 8)

let platform: PlatformAccess
let clone: Clone
let load: Load
let records: readonly LoadRecord[]
let promotions: readonly PromotionView[]
/** When each push returned. */
const pushedAt = new Map<number, number>()
const digests = new Map<number, string>()

async function push(number: number): Promise<void> {
  await clone.pushVersion({ model: MODEL, number, bytes: bytesOf(number) })
  pushedAt.set(number, Date.now())
}

/** From push to live, by evidence alone or with an approval where a hold asks for one. */
async function promote(number: number): Promise<void> {
  await push(number)
  const { rollout } = await platform.until(
    MODEL,
    `v${number} is live or waits for a person`,
    (status) =>
      status.live === number || (status.rollout?.version === number && status.rollout.state === 'paused'),
  )
  if (rollout?.state === 'paused') await platform.ok(['approve', MODEL, String(number)])
  await platform.untilLive(MODEL, number)
  await load.untilAnsweredBy(number)
}

async function rollBack(number: number, restored: number): Promise<void> {
  expect(await platform.ok(['rollback', MODEL, '--from', String(number)])).toContain(`back on v${restored}`)
  await load.untilAnsweredBy(restored)
}

beforeAll(async () => {
  platform = await sharedPlatform()
  clone = await platform.clone()
  await clone.pushVersion({
    model: MODEL,
    number: 1,
    bytes: bytesOf(1),
    config: quickPolicy({ minPairs: 25 }),
  })
  await platform.untilLive(MODEL, 1)
  load = await Load.begin({
    url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
    ratePerSecond: RATE,
    bodies: BODIES,
  })
  let live = 1
  for (let number = 2; number <= VERSIONS + 1; number++) {
    await promote(number)
    if (ROLLED_BACK.has(number)) await rollBack(number, live)
    else live = number
  }
  records = await load.stop()
  const view = await platform.control.model.query({ name: MODEL })
  promotions = view.promotions
  for (const version of view.versions) digests.set(version.number, version.digest)
})

afterAll(() => load?.end())

describe('ten versions pushed, shadowed, promoted and some rolled back under a constant load', () => {
  it('lets no request fail', () => {
    expect(load.failed).toEqual([])
    const seconds = ((records.at(-1)?.scheduledAtMs ?? 0) - (records[0]?.scheduledAtMs ?? 0)) / 1_000
    expect(seconds).toBeGreaterThan(VERSIONS)
    expect(records.length / seconds).toBeGreaterThan(0.99 * RATE)
  })

  it('lets every version answer, and attributes every answer to exactly one', () => {
    const answered = new Set(records.map((record) => record.version))
    expect([...answered].sort((a, b) => Number(a) - Number(b))).toEqual(
      [...digests.keys()].sort((a, b) => a - b),
    )
    for (const record of records) {
      expect(record.digest).toBe(digests.get(record.version ?? 0))
    }
  })

  it('answers exactly what the version named computes offline', async () => {
    const truths = new Map<number, Awaited<ReturnType<typeof offlineTruth>>>()
    for (const number of digests.keys()) truths.set(number, await offlineTruth(bytesOf(number), ROWS))
    const wrong = records.filter((record) => {
      const [answer] = record.output as readonly (readonly number[])[]
      return !isClose(answer, truths.get(record.version ?? 0)?.[record.row])
    })
    expect(wrong).toEqual([])
    // Every other version computes something else: a wrong attribution could not hide.
    const others = records.filter((record) => {
      const [answer] = record.output as readonly (readonly number[])[]
      return [...truths].some(
        ([number, truth]) => number !== record.version && isClose(answer, truth[record.row]),
      )
    })
    expect(others).toEqual([])
  })

  it('lets no version answer before it was promoted, nor under another generation than that of its promotion', () => {
    const byGeneration = new Map(promotions.map((promotion) => [promotion.generation, promotion]))
    for (const record of records) {
      const promotion = byGeneration.get(record.generation ?? 0)
      expect(promotion?.to).toBe(record.version)
      expect(record.endedAtMs).toBeGreaterThanOrEqual(Date.parse(promotion?.at ?? ''))
    }
  })

  it('promotes only with evidence, and keeps in the record what was taken off', async () => {
    const first = promotions.filter((promotion) => promotion.kind === 'first')
    const evidence = promotions.filter((promotion) => promotion.kind === 'evidence')
    const back = promotions.filter((promotion) => promotion.kind === 'rollback')
    expect([first.length, evidence.length, back.length]).toEqual([1, VERSIONS, ROLLED_BACK.size])
    const { versions } = await platform.status(MODEL)
    const withdrawn = versions
      .filter((version) => version.standing === 'withdrawn')
      .map(({ number }) => number)
    expect(withdrawn).toEqual([...ROLLED_BACK].reverse())
    expect(await platform.ok(['audit', 'verify'])).toContain('The audit log is whole')
  })
})
