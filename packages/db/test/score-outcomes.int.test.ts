import { randomUUID } from 'node:crypto'
import { logEOfHistogram, type PropertyHistogram } from '@understudy/rollout'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  findQualityAlarms,
  forgetOldOutcomes,
  loadContradictions,
  loadOutcomeCoverage,
  loadQualityCurve,
  loadRecord,
  requestDueOutcomes,
  requestWork,
  scoreOutcomes,
} from '../src/index.ts'
import { OutcomeStore } from '../src/node/index.ts'
import { type Kept, OutcomeWorld } from './support/outcome-world.ts'

let world: OutcomeWorld
let store: OutcomeStore
let model = ''
let series = ''

beforeAll(async () => {
  world = await OutcomeWorld.open()
  store = new OutcomeStore({ databaseUrl: world.databaseUrl, name: 'test' })
})
afterAll(async () => {
  await store.close()
  await world.close()
})
beforeEach(async () => {
  model = `model-${randomUUID()}`
  await world.model(model)
  series = await world.series(model)
})

const said = (text: string) => ({ label: { dtype: 'string', shape: [], values: [text] } })

async function report(requestId: string, label: string, row = 0) {
  const outcome = { model, requestId, row, truth: { label } }
  await store.report([outcome], { keyId: null, mayUse: () => true })
}

/** Both versions' answers to a request, kept under the series. */
function pair(requestId: string, baseline: string, candidate: string, changes: Partial<Kept> = {}) {
  const both = { requestId, series, ...changes }
  return world.keep(
    model,
    { ...both, number: 1, answer: said(baseline) },
    { ...both, number: 2, answer: said(candidate) },
  )
}

const score = () => world.database.transaction((tx) => scoreOutcomes(tx, model))
/** The evidence of the gate `quality`, as the record of the series' rollout has it. */
async function histograms(): Promise<readonly PropertyHistogram[]> {
  const record = await world.database.snapshot((tx) => loadRecord(tx, model))
  const rollout = record?.rollouts.find(({ evidence }) => evidence?.seriesId === series)
  return rollout?.evidence?.histograms ?? []
}
const pairs = () =>
  world.database.prisma.outcomePair.findMany({ where: { seriesId: series }, orderBy: { requestId: 'asc' } })
const scores = () =>
  world.database.prisma.outcomeScore.findMany({
    where: { model },
    orderBy: [{ requestId: 'asc' }, { number: 'asc' }],
  })
const curve = () => world.database.snapshot((tx) => loadQualityCurve(tx, model))
/** As if the outcomes were due now. */
const makeDue = () =>
  world.database.prisma
    .$executeRaw`UPDATE outcome SET look_at = clock_timestamp() WHERE model = ${model} AND look_at IS NOT NULL`

describe('an outcome', () => {
  it('that is reported weeks later scores the answers that were kept', async () => {
    const at = new Date(Date.now() - 20 * 86_400_000)
    await pair('r-1', 'cat', 'dog', { at })
    await report('r-1', 'dog')
    expect(await score()).toEqual({ scores: 2, pairs: 1, more: false })
    expect(await scores()).toMatchObject([
      { number: 1n, loss: 1, seriesId: series, step: 'shadow', at },
      { number: 2n, loss: 0 },
    ])
    expect(await pairs()).toMatchObject([{ requestId: 'r-1', difference: -1, bin: 0, source: 'live' }])
    expect(await histograms()).toEqual([
      { source: 'live', step: 'shadow', gate: 'quality', property: 'loss', bins: [[0, 1]] },
    ])
  })

  it('that is reported before the answers are kept scores them as soon as they are', async () => {
    await report('r-1', 'cat')
    expect(await score()).toMatchObject({ scores: 0, pairs: 0 })
    expect(await score()).toMatchObject({ scores: 0 })
    await pair('r-1', 'cat', 'dog')
    expect(await score()).toMatchObject({ scores: 2, pairs: 1 })
  })

  it('whose answer is being kept at that very moment is looked at again, and then left alone', async () => {
    await report('r-1', 'cat')
    for (let look = 1; look <= 4; look++) {
      await makeDue()
      await score()
      const [row] = await world.database.prisma.outcome.findMany({ where: { model } })
      expect(row).toMatchObject({ looks: look, lookAt: look === 4 ? null : expect.any(Date) })
    }
    // Neither saw the other; the trigger is not what finds it.
    await world.database.prisma
      .$executeRaw`UPDATE outcome SET look_at = clock_timestamp(), looks = 1 WHERE model = ${model}`
    await world.database.prisma.$executeRawUnsafe('ALTER TABLE kept_answer DISABLE TRIGGER USER')
    await pair('r-1', 'cat', 'dog')
    await world.database.prisma.$executeRawUnsafe('ALTER TABLE kept_answer ENABLE TRIGGER USER')
    expect(await score()).toMatchObject({ scores: 2, pairs: 1 })
  })

  it('is scored for the version that is kept later, too', async () => {
    await report('r-1', 'cat')
    await world.keep(model, { requestId: 'r-1', number: 1, series, answer: said('cat') })
    expect(await score()).toEqual({ scores: 1, pairs: 0, more: false })
    await world.keep(model, { requestId: 'r-1', number: 2, series, answer: said('dog') })
    expect(await score()).toEqual({ scores: 1, pairs: 1, more: false })
    expect(await pairs()).toMatchObject([{ difference: 1, bin: 200 }])
  })

  it('counts once for each series and request, however often anybody looks', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    await score()
    const before = [await scores(), await pairs()]
    await world.database.prisma
      .$executeRaw`UPDATE outcome SET look_at = clock_timestamp() WHERE model = ${model}`
    expect(await score()).toMatchObject({ scores: 0, pairs: 0 })
    expect([await scores(), await pairs()]).toEqual(before)
  })

  it('that is contradicted later goes on to count as it was first reported', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    await report('r-1', 'dog')
    await score()
    await report('r-1', 'dog')
    await score()
    expect(await pairs()).toMatchObject([{ difference: 1 }])
    const shown = await world.database.snapshot((tx) => loadContradictions(tx, model))
    expect(shown).toMatchObject([{ requestId: 'r-1', row: 0, counts: '"cat"', said: '"dog"' }])
  })

  it('of another row than the one that counts scores nothing', async () => {
    await pair('r-1', 'cat', 'dog', { row: 3 })
    await report('r-1', 'cat', 0)
    expect(await score()).toMatchObject({ scores: 0 })
    await report('r-1', 'cat', 3)
    expect(await score()).toMatchObject({ scores: 2, pairs: 1 })
  })

  it('of a request that only the live version answered makes no pair', async () => {
    await world.keep(model, { requestId: 'r-1', number: 1, answer: said('cat') })
    await report('r-1', 'cat')
    expect(await score()).toEqual({ scores: 1, pairs: 0, more: false })
    expect(await scores()).toMatchObject([{ number: 1n, loss: 0, seriesId: null }])
  })

  it('makes the pair of a row that took the place of another answer', async () => {
    await world.keep(model, { requestId: 'r-1', number: 1, row: 1, answer: said('cat') })
    await report('r-1', 'dog', 0)
    await score()
    // As nodes upsert a pair.
    await world.database.prisma.$executeRaw`
      UPDATE kept_answer SET row = 0, series_id = ${series}::uuid, step = 'shadow', answer = ${JSON.stringify(said('dog'))}::jsonb
      WHERE model = ${model}`
    await world.keep(model, { requestId: 'r-1', number: 2, series, answer: said('cat') })
    expect(await score()).toMatchObject({ scores: 2, pairs: 1 })
    expect(await pairs()).toMatchObject([{ difference: 1 }])
  })
})

describe('scoring', () => {
  it('does nothing when it is cut before its commit, and everything the next time', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    const cut = world.database.transaction(async (tx) => {
      expect(await scoreOutcomes(tx, model)).toMatchObject({ scores: 2, pairs: 1 })
      throw new Error('cut')
    })
    await expect(cut).rejects.toThrow('cut')
    expect([await scores(), await pairs()]).toEqual([[], []])
    expect(await score()).toMatchObject({ scores: 2, pairs: 1 })
  })

  it('of two at once does not wait, and counts nothing twice', async () => {
    for (let id = 0; id < 50; id++) await pair(`r-${id}`, 'cat', 'dog')
    for (let id = 0; id < 50; id++) await report(`r-${id}`, 'cat')
    const found = await Promise.all([score(), score(), score()])
    expect(found.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(50)
    expect(await histograms()).toMatchObject([{ bins: [[200, 50]] }])
  })

  it('goes on in batches until nothing is due', async () => {
    const ids = Array.from({ length: 1_100 }, (_, i) => `r-${i}`)
    await world.keep(
      model,
      ...ids.flatMap((requestId): readonly Kept[] => [
        { requestId, number: 1, series, answer: said('cat') },
        { requestId, number: 2, series, answer: said('cat') },
      ]),
    )
    await store.report(
      ids.map((requestId) => ({ model, requestId, row: 0, truth: { label: 'cat' } })),
      { keyId: null, mayUse: () => true },
    )
    const looks = [await score(), await score(), await score()]
    expect(looks.map(({ pairs, more }) => [pairs, more])).toEqual([
      [500, true],
      [500, true],
      [100, false],
    ])
    const [histogram] = await histograms()
    expect(histogram?.bins).toEqual([[100, 1_100]])
    // Enough to clear a margin of one percent.
    expect(logEOfHistogram(histogram?.bins ?? [], 0.01, 'safe')).toBeGreaterThan(Math.log(20))
  })

  it('adds nothing to a series that is closed, and the losses are known all the same', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    const { prisma } = world.database
    await prisma.evidenceSeries.update({ where: { id: series }, data: { closedAt: new Date() } })
    expect(await score()).toEqual({ scores: 2, pairs: 0, more: false })
    // Neither does what reaches the table by another way.
    await prisma.$executeRaw`
      INSERT INTO outcome_pair (series_id, request_id, step, source, measure, bin, difference)
      VALUES (${series}::uuid, 'r-9', 'shadow', 'live', 'm', 100, 0)`
    expect(await pairs()).toEqual([])
  })

  it('keeps sources and steps apart', async () => {
    await pair('r-1', 'cat', 'dog')
    await pair('r-2', 'cat', 'cat', { step: 'canary-5' })
    await pair('r-3', 'dog', 'cat', { source: 'replay' })
    for (const id of ['r-1', 'r-2', 'r-3']) await report(id, 'cat')
    await score()
    const found = (await histograms()).map(({ source, step, bins }) => [source, step, bins])
    expect(found).toEqual([
      ['live', 'canary-5', [[100, 1]]],
      ['live', 'shadow', [[200, 1]]],
      ['replay', 'shadow', [[0, 1]]],
    ])
  })

  it('begins with nothing when the policy measures otherwise', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    await score()
    await world.model(model, { output: 'other' })
    expect(await histograms()).toEqual([])
    expect((await curve())?.versions).toEqual([])
    await world.model(model, null)
    expect(await histograms()).toEqual([])
    expect(await curve()).toBeNull()
    await world.model(model, { margin: 0.2 })
    expect(await histograms()).toMatchObject([{ bins: [[200, 1]] }])
  })

  it('leaves outcomes that no gate asks for, and takes no notice of answers that say nothing', async () => {
    await world.model(model, null)
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    expect(await score()).toEqual({ scores: 0, pairs: 0, more: false })
    await world.model(model)
    await world.keep(model, { requestId: 'r-2', number: 1, answer: { other: said('cat').label } })
    await report('r-2', 'cat')
    expect(await score()).toMatchObject({ scores: 0 })
  })

  it('cannot be changed afterwards, by whomever', async () => {
    await pair('r-1', 'cat', 'dog')
    await report('r-1', 'cat')
    await score()
    const { prisma } = world.database
    await expect(prisma.$executeRaw`UPDATE outcome_score SET loss = 0`).rejects.toThrow('never changed')
    await expect(prisma.$executeRaw`UPDATE outcome_pair SET bin = 0`).rejects.toThrow('never changed')
  })
})

describe('a curve of quality', () => {
  const day = (date: string, count: number, wrong: number, changes: Partial<Kept> = {}) =>
    Array.from(
      { length: count },
      (_, i): Kept => ({
        ...{
          requestId: `${date}-${changes.number ?? 2}-${i}`,
          number: 2,
          answer: said(i < wrong ? 'dog' : 'cat'),
        },
        ...{ at: new Date(`${date}T12:00:00Z`), ...changes },
      }),
    )
  const isoDay = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)

  async function live(number: number, daysAgo: number) {
    const { prisma } = world.database
    await prisma.$executeRaw`INSERT INTO plan (model, generation) VALUES (${model}, 1)`
    await prisma.$executeRaw`INSERT INTO plan_version (model, number) VALUES (${model}, ${number})`
    await prisma.$executeRaw`INSERT INTO plan_label (model, label, number) VALUES (${model}, 'live', ${number})`
    await prisma.$executeRaw`
      INSERT INTO promotion (model, generation, to_number, to_digest, kind, actor, at)
      VALUES (${model}, 1, ${number}, ${`digest-${number}`}, 'evidence', 'controller', now() - ${daysAgo} * interval '1 day')`
  }

  async function scoreAll(answers: readonly Kept[]) {
    await world.keep(model, ...answers)
    const outcomes = answers.map(({ requestId }) => ({ model, requestId, row: 0, truth: { label: 'cat' } }))
    const once = outcomes.filter(
      (one, i) => outcomes.findIndex((other) => other.requestId === one.requestId) === i,
    )
    for (let from = 0; from < once.length; from += 1_000) {
      await store.report(once.slice(from, from + 1_000), { keyId: null, mayUse: () => true })
    }
    while ((await score()).more);
  }

  it('shows mean loss and count of each version and day, by when it was predicted', async () => {
    await scoreAll([
      ...day(isoDay(3), 10, 4),
      ...day(isoDay(2), 20, 5),
      ...day(isoDay(2), 8, 8, { number: 1 }),
    ])
    expect(await curve()).toEqual({
      ...{ output: 'label', loss: 'zeroOne', margin: 0.01 },
      versions: [
        {
          ...{ number: 2, digest: 'digest-2', drift: null },
          days: [
            { day: new Date(isoDay(3)), count: 10, meanLoss: 0.4 },
            { day: new Date(isoDay(2)), count: 20, meanLoss: 0.25 },
          ],
        },
        {
          ...{ number: 1, digest: 'digest-1', drift: null },
          days: [{ day: new Date(isoDay(2)), count: 8, meanLoss: 1 }],
        },
      ],
    })
  })

  it('alarms when the live version became worse than it was in its rollout, and says since when', async () => {
    await live(2, 4)
    await scoreAll([
      ...day(isoDay(5), 400, 40, { series }),
      ...day(isoDay(3), 100, 9),
      ...day(isoDay(2), 100, 10),
    ])
    const fine = (await curve())?.versions[0]?.drift
    expect(fine).toMatchObject({ alarm: false, reference: { count: 400 }, live: { count: 200 } })
    await scoreAll(day(isoDay(1), 200, 90))
    const drift = (await curve())?.versions[0]?.drift
    expect(drift).toMatchObject({ alarm: true, sinceDay: 3 })
    expect(drift?.reference.mean).toBeCloseTo(0.1, 9)
    const alarms = await world.database.snapshot((tx) => findQualityAlarms(tx))
    expect(alarms).toMatchObject([{ model, number: 2, digest: 'digest-2' }])
    expect(alarms[0]?.sentence).toMatch(/: v2 answers worse than in its rollout: /)
  })
})

describe('coverage', () => {
  const coverage = (seriesId: string | null = series) =>
    world.database.snapshot((tx) => loadOutcomeCoverage(tx, { model, seriesId }))

  it('counts what is kept, reported, scored and contradicted, of a series and of the model', async () => {
    await pair('r-1', 'cat', 'dog')
    await pair('r-2', 'cat', 'cat')
    await world.keep(model, { requestId: 'r-3', number: 1, answer: said('cat') })
    await report('r-1', 'cat')
    await report('r-1', 'dog')
    await report('r-3', 'cat')
    await score()
    expect(await coverage()).toMatchObject({ kept: 2, reported: 1, scored: 1, contradicted: 1, share: 0.5 })
    expect(await coverage(null)).toMatchObject({ kept: 3, reported: 2, scored: 2, contradicted: 1 })
    expect((await coverage()).warning).toMatch(/^Outcomes are known for 50 % of the predictions/)
  })

  it('says nothing of a series without answers', async () => {
    expect(await coverage()).toMatchObject({ kept: 0, share: null, warning: null })
  })

  it('warns of outcomes that exist only where the answer of live allowed them', async () => {
    for (let id = 0; id < 40; id++) await pair(`yes-${id}`, 'grant', 'grant')
    for (let id = 0; id < 40; id++) await pair(`no-${id}`, 'refuse', 'grant')
    for (let id = 0; id < 40; id++) await report(`yes-${id}`, 'grant')
    const found = await coverage()
    expect(found.blindAnswers).toEqual([{ answer: 'refuse', kept: 40, reported: 0 }])
    expect(found.warning).toMatch(/^Where live answered "refuse", outcomes are known for 0 of 40/)
  })
})

describe('housekeeping', () => {
  it('asks for the models whose outcomes are due, and for no other', async () => {
    const { prisma } = world.database
    const requested = () => prisma.workKey.findMany({ where: { key: model } })
    await requestWork(prisma, 'model', model)
    await prisma.$executeRaw`UPDATE work_key SET done_seq = requested_seq`
    await requestDueOutcomes(world.database)
    expect(await requested()).toMatchObject([{ requestedSeq: 1n }])
    await report('r-1', 'cat')
    await requestDueOutcomes(world.database)
    await requestDueOutcomes(world.database)
    expect(await requested()).toMatchObject([{ requestedSeq: 2n }])
  })

  it('forgets what is older than 90 days', async () => {
    const { prisma } = world.database
    await pair('r-1', 'cat', 'dog', { at: new Date(Date.now() - 91 * 86_400_000) })
    await report('r-1', 'cat')
    await report('r-1', 'dog')
    await score()
    await prisma.$executeRaw`INSERT INTO outcome (model, request_id, row, label, reported_by, at)
      VALUES (${model}, 'r-0', 0, 'cat', 'anonymous', now() - interval '91 days')`
    expect(await forgetOldOutcomes(world.database)).toBe(3)
    expect(await scores()).toEqual([])
    expect(await prisma.outcome.findMany({ where: { model } })).toMatchObject([{ requestId: 'r-1' }])
    expect(await pairs()).toHaveLength(1)
  })
})
