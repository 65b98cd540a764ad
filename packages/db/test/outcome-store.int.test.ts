import { randomUUID } from 'node:crypto'
import type { ReportedOutcome } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OutcomeSource, OutcomeStore } from '../src/node/index.ts'
import { codeOf } from './support/code-of.ts'
import { OutcomeWorld } from './support/outcome-world.ts'

const ANYBODY: OutcomeSource = { keyId: null, mayUse: () => true }

let world: OutcomeWorld
let store: OutcomeStore
let model = ''

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
})

function outcome(truth: string | number, changes: Partial<ReportedOutcome> = {}): ReportedOutcome {
  const said = typeof truth === 'string' ? { label: truth } : { value: truth }
  return { model, requestId: 'r-1', row: 0, truth: said, ...changes }
}

const statuses = async (...outcomes: readonly ReportedOutcome[]) => {
  const report = await store.report(outcomes, ANYBODY)
  return 'statuses' in report ? report.statuses : report.unknownModel
}

const stored = () =>
  world.database.prisma.outcome.findMany({
    where: { model },
    orderBy: [{ requestId: 'asc' }, { row: 'asc' }],
  })
const contradictions = () =>
  world.database.prisma.outcomeContradiction.findMany({ where: { model }, orderBy: { said: 'asc' } })

describe('a report', () => {
  it('is on disk when it is answered, with who reported it', async () => {
    const source = { keyId: '0011223344556677', mayUse: () => true }
    await store.report([outcome('setosa'), outcome(2.5, { row: 1 })], source)
    expect(await stored()).toMatchObject([
      { requestId: 'r-1', row: 0, label: 'setosa', value: null, reportedBy: '0011223344556677' },
      { requestId: 'r-1', row: 1, label: null, value: 2.5, reportedBy: '0011223344556677' },
    ])
    await statuses(outcome('x', { requestId: 'r-2' }))
    expect((await stored())[2]).toMatchObject({ reportedBy: 'anonymous' })
  })

  it('that is repeated is a duplicate and changes nothing', async () => {
    expect(await statuses(outcome('a'))).toEqual(['recorded'])
    const before = await stored()
    expect(await statuses(outcome('a'))).toEqual(['duplicate'])
    expect(await stored()).toEqual(before)
    expect(await contradictions()).toEqual([])
  })

  it('that differs is a contradiction: kept once, and the first goes on to count', async () => {
    await statuses(outcome('a'))
    expect(await statuses(outcome('b'))).toEqual(['contradiction'])
    expect(await statuses(outcome('b'))).toEqual(['contradiction'])
    expect(await statuses(outcome(1))).toEqual(['contradiction'])
    expect(await stored()).toMatchObject([{ label: 'a' }])
    expect((await contradictions()).map(({ said, row }) => [said, row])).toEqual([
      ['"b"', 0],
      ['1', 0],
    ])
  })

  it('keeps a bounded number of contradictions about a row, whatever comes', async () => {
    await statuses(outcome('a'))
    for (let wave = 0; wave < 3; wave++) {
      await statuses(outcome(`b ${wave}`), outcome(`c ${wave}`), outcome(`d ${wave}`), outcome(`e ${wave}`))
    }
    expect((await contradictions()).length).toBeLessThanOrEqual(13)
    expect(await statuses(outcome('another'))).toEqual(['contradiction'])
    expect((await contradictions()).length).toBeLessThanOrEqual(13)
  })

  it('of many answers each in its place, and within one the first counts too', async () => {
    await statuses(outcome('a'))
    expect(
      await statuses(
        ...[outcome('b'), outcome('x', { requestId: 'r-2' }), outcome('x', { requestId: 'r-2' })],
        ...[outcome('y', { requestId: 'r-2' }), outcome('a'), outcome('z', { requestId: 'r-0' })],
      ),
    ).toEqual(['contradiction', 'recorded', 'duplicate', 'contradiction', 'duplicate', 'recorded'])
  })

  it('that comes twice at the same moment counts once, and never waits in a circle', async () => {
    const second = new OutcomeStore({ databaseUrl: world.databaseUrl, name: 'second' })
    const ids = Array.from({ length: 300 }, (_, i) => `r-${i}`)
    const there = ids.map((requestId) => outcome('a', { requestId }))
    const back = ids.map((requestId) => outcome('b', { requestId })).reverse()
    const [one, other] = await Promise.all([store.report(there, ANYBODY), second.report(back, ANYBODY)])
    const all = [one, other].flatMap((report) => ('statuses' in report ? report.statuses : []))
    expect(all.filter((status) => status === 'recorded')).toHaveLength(300)
    expect(all.filter((status) => status === 'contradiction')).toHaveLength(300)
    await second.close()
  })

  it('of many callers at once is written together, and each is told of its own', async () => {
    const reports = Array.from({ length: 500 }, (_, i) =>
      store.report([outcome(i % 2 === 0 ? 'a' : 'b', { requestId: `r-${i % 100}` })], ANYBODY),
    )
    const found = (await Promise.all(reports)).map((report) => 'statuses' in report && report.statuses[0])
    for (let id = 0; id < 100; id++) {
      const ofOne = found.filter((_, i) => i % 100 === id).sort()
      expect(ofOne).toEqual([...new Array(4).fill('duplicate'), 'recorded'])
    }
  })

  it('about a model that is not there, or not for the reporter, is all refused alike, and others are not', async () => {
    const mine: OutcomeSource = { keyId: null, mayUse: (name) => name !== model }
    const [missing, forbidden, good] = await Promise.all([
      store.report([outcome('a', { requestId: 'r-5' }), outcome('a', { model: 'missing' })], ANYBODY),
      store.report([outcome('a', { requestId: 'r-6' })], mine),
      store.report([outcome('a', { requestId: 'r-7' })], ANYBODY),
    ])
    expect([missing, forbidden, good]).toEqual([
      { unknownModel: 'missing' },
      { unknownModel: model },
      { statuses: ['recorded'] },
    ])
    expect((await stored()).map((row) => row.requestId)).toEqual(['r-7'])
  })

  it('cannot be changed in the record, by whomever', async () => {
    await statuses(outcome('a'))
    const { prisma } = world.database
    const change = prisma.$executeRaw`UPDATE outcome SET label = 'b' WHERE model = ${model}`
    await expect(change).rejects.toThrow('an outcome is never changed')
  })
})

describe('a store', () => {
  it('refuses what it has no room for, and has room again afterwards', async () => {
    const small = new OutcomeStore({ databaseUrl: world.databaseUrl, name: 'small', maxWaiting: 2 })
    const many = Promise.all(
      [outcome('a', { requestId: 'r-1' }), outcome('a', { requestId: 'r-2' })].map((one) =>
        small.report([one], ANYBODY),
      ),
    )
    expect(await codeOf(small.report([outcome('a')], ANYBODY))).toBe('outcomes.too_many')
    await many
    expect(await small.report([outcome('a')], ANYBODY)).toEqual({ statuses: ['duplicate'] })
    await small.close()
  })

  it('says that the record is away, and records again when it is back', async () => {
    const nowhere = new OutcomeStore({ databaseUrl: 'postgresql://u:p@127.0.0.1:1/none', name: 'cut' })
    const reports = Array.from({ length: 5 }, () => codeOf(nowhere.report([outcome('a')], ANYBODY)))
    expect(new Set(await Promise.all(reports))).toEqual(new Set(['outcomes.unavailable']))
    await nowhere.close()

    const cut = new OutcomeStore({ databaseUrl: world.databaseUrl, name: 'cut' })
    await cut.report([outcome('a')], ANYBODY)
    const ended = await world.database.prisma.$queryRaw<{ ended: boolean }[]>`
      SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE application_name = 'understudy-outcomes cut'`
    expect(ended).toEqual([{ ended: true }])
    await waitFor('the store to record again', async () => {
      const again = await cut.report([outcome('a')], ANYBODY).catch(() => undefined)
      return again !== undefined
    })
    expect(await stored()).toHaveLength(1)
    await cut.close()
  })

  it('commits nothing of a report that is cut in the middle', async () => {
    const { prisma } = world.database
    let locked: () => void = () => undefined
    const holding = new Promise<void>((resolve) => {
      locked = resolve
    })
    const cut = new OutcomeStore({ databaseUrl: world.databaseUrl, name: 'middle' })
    let over: () => void = () => undefined
    const blocker = prisma.$transaction(async (tx) => {
      await tx.$executeRaw`INSERT INTO outcome (model, request_id, row, label, reported_by) VALUES (${model}, 'r-9', 0, 'x', 'other')`
      locked()
      await new Promise<void>((resolve) => {
        over = resolve
      })
    })
    await holding
    // Ordered by request: r-8 is inserted, r-9 waits for the other transaction.
    const reporting = codeOf(
      cut.report([outcome('a', { requestId: 'r-8' }), outcome('a', { requestId: 'r-9' })], ANYBODY),
    )
    await waitFor('the report to wait', async () => {
      const [row] = await prisma.$queryRaw<{ pid: number }[]>`
        SELECT pid FROM pg_stat_activity WHERE application_name = 'understudy-outcomes middle' AND wait_event_type = 'Lock'`
      return row && prisma.$executeRaw`SELECT pg_terminate_backend(${row.pid}::int)`
    })
    expect(await reporting).toBe('outcomes.unavailable')
    over()
    await blocker
    expect((await stored()).map((row) => row.requestId)).toEqual(['r-9'])
    await cut.close()
  })
})
