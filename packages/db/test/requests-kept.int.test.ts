import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CaptureRow, EvidenceFlush } from '../src/node/index.ts'
import { type FakeNode, World } from './support/index.ts'

const LIMITS = { maxRequests: 100, maxBytes: 1_000_000, maxAgeMs: 3_600_000 }

let world: World
let node: FakeNode
let counter = 0
/** A model with a live version. */
let model = ''

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.withLive(model)
})

const prisma = () => world.database.prisma
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000
const captureOf = (requestId: string, changes: Partial<CaptureRow> = {}): CaptureRow => ({
  ...{ model, requestId, capturedAtMs: minutesAgo(10), rows: 1, body: Buffer.from([0, 255, 1]), ...changes },
})
const keep = (captures: readonly CaptureRow[], limits = LIMITS) =>
  node.store.requests.storeCaptures(captures, new Map([[model, limits]]))
const keptIds = async () =>
  (await prisma().capture.findMany({ where: { model }, orderBy: { capturedAt: 'asc' } })).map(
    (row) => row.requestId,
  )

describe('captured requests', () => {
  it('are stored byte by byte, the first of an id', async () => {
    await keep([captureOf('a')])
    await keep([captureOf('a', { body: Buffer.from('other') }), captureOf('b', { rows: 3 })])
    const rows = await prisma().capture.findMany({ where: { model }, orderBy: { requestId: 'asc' } })
    expect(rows.map((row) => [row.requestId, row.rows, row.sizeBytes, [...row.body]])).toEqual([
      ['a', 1, 3, [0, 255, 1]],
      ['b', 3, 3, [0, 255, 1]],
    ])
  })

  it.each([
    ['requests', { ...LIMITS, maxRequests: 2 }],
    ['bytes', { ...LIMITS, maxBytes: 7 }],
    ['age', { ...LIMITS, maxAgeMs: 6.5 * 60_000 }],
  ])('are trimmed to the newest within the limit of %s', async (_what, limits) => {
    const captures = [9, 8, 7, 6, 5].map((ago) => captureOf(`${ago}`, { capturedAtMs: minutesAgo(ago) }))
    await keep(captures.slice(0, 3))
    await keep(captures.slice(3), limits)
    expect(await keptIds()).toEqual(['6', '5'])
  })

  it('are forgotten when the policy keeps none any more, and after 7 days whatever it says', async () => {
    await keep([captureOf('young'), captureOf('old', { capturedAtMs: minutesAgo(8 * 24 * 60) })], {
      ...LIMITS,
      maxAgeMs: 30 * 86_400_000,
    })
    await node.store.requests.forget(new Map([[model, { ...LIMITS, maxAgeMs: 30 * 86_400_000 }]]))
    expect(await keptIds()).toEqual(['young'])
    await node.store.requests.forget(new Map())
    expect(await keptIds()).toEqual([])
  })

  it('are dropped for a model that keeps none', async () => {
    await node.store.requests.storeCaptures([captureOf('a')], new Map())
    expect(await keptIds()).toEqual([])
  })
})

describe('a replay', () => {
  let flush: EvidenceFlush
  const IDS = Array.from({ length: 20 }, (_, index) => `r-${index}`)

  beforeEach(async () => {
    await keep(IDS.map((id) => captureOf(id)))
    await world.pushValid(model, 2)
    await world.settle(model)
    await keep([captureOf('later', { capturedAtMs: Date.now() + 60_000 })])
    flush = await node.flushOf(model, { pairs: 0 })
  })

  const expire = () => prisma().$executeRaw`UPDATE replay_claim SET lease_until = now() - interval '1 second'`
  const idsOf = (captures: readonly CaptureRow[]) => captures.map(({ requestId }) => requestId)
  /** Absolute counters after so many replayed pairs, these being new. */
  const replayed = (pairs: number, ids: readonly string[]): EvidenceFlush => ({
    ...{ ...flush, source: 'replay', seq: pairs, admitted: pairs, replayed: ids },
    counters: [{ gate: 'errors', property: 'failed', nPlus: 0, nZero: pairs, nMinus: 0 }],
  })
  const counted = async () => {
    const rows = await prisma().evidenceCounter.findMany({
      where: { seriesId: flush.seriesId, source: 'replay', gate: 'errors' },
    })
    return rows.reduce((sum, row) => sum + Number(row.nZero), 0)
  }

  it('takes requests that were captured before the series began, in an order of the series', async () => {
    const ids = idsOf(await node.store.requests.nextReplays(flush.seriesId, []))
    expect([...ids].sort()).toEqual([...IDS].sort())
    expect(ids).not.toEqual(IDS)
    expect(idsOf(await node.store.requests.nextReplays(flush.seriesId, ids.slice(0, 5), 3))).toEqual(
      ids.slice(5, 8),
    )
  })

  it('is claimed by one node until its lease has run out', async () => {
    const other = await world.node('node-2', { keepsUp: false })
    expect(await node.store.requests.claimReplay(flush.seriesId)).toBe(true)
    expect(await node.store.requests.claimReplay(flush.seriesId)).toBe(true)
    expect(await other.store.requests.claimReplay(flush.seriesId)).toBe(false)
    await expire()
    expect(await other.store.requests.claimReplay(flush.seriesId)).toBe(true)
    expect(await node.store.requests.claimReplay(flush.seriesId)).toBe(false)
    await other.leave()
  })

  it('of a node that crashed is gone on with by another: each request counts once, none is lost', async () => {
    const other = await world.node('node-2', { keepsUp: false })
    await node.store.requests.claimReplay(flush.seriesId)
    const first = idsOf(await node.store.requests.nextReplays(flush.seriesId, [], 8))
    expect((await node.store.flushEvidence([replayed(8, first)])).refused).toEqual([])
    // Twice, as after an answer of the database that got lost.
    await node.store.flushEvidence([replayed(8, first)])
    // It counts five more, and dies before they are flushed.
    await expire()
    await other.store.requests.claimReplay(flush.seriesId)
    const rest = idsOf(await other.store.requests.nextReplays(flush.seriesId, []))
    expect([...first, ...rest].sort()).toEqual([...IDS].sort())
    await other.store.flushEvidence([replayed(12, rest)])
    expect(await counted()).toBe(20)
    expect(await other.store.requests.nextReplays(flush.seriesId, [])).toEqual([])
    // It was only stopped, and comes back: what it counted meanwhile never counts.
    const late = replayed(13, rest.slice(0, 5))
    expect((await node.store.flushEvidence([late])).refused).toEqual([late])
    expect(await counted()).toBe(20)
    await other.leave()
  })

  it('is not claimed for a series that is closed', async () => {
    await prisma().evidenceSeries.update({ where: { id: flush.seriesId }, data: { closedAt: new Date() } })
    expect(await node.store.requests.claimReplay(flush.seriesId)).toBe(false)
  })
})
