import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EvidenceFlush, KeptAnswerRow, MinuteRow } from '../src/node/index.ts'
import { type FakeNode, World } from './support/index.ts'

const MINUTE_MS = 1_767_225_600_000

let world: World
let node: FakeNode
let counter = 0
/** A model in its shadow. */
let model = ''
let flush: EvidenceFlush

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.withLive(model)
  await world.pushValid(model, 2)
  await world.settle(model)
  flush = await node.flushOf(model, { pairs: 10 })
})

const prisma = () => world.database.prisma
const close = () =>
  prisma().evidenceSeries.update({ where: { id: flush.seriesId }, data: { closedAt: new Date() } })

describe('segments', () => {
  it('are counted beside the whole, each by itself', async () => {
    const row = { gate: 'errors', property: 'failed', nPlus: 1, nZero: 9, nMinus: 0 }
    const counters = [row, { ...row, segment: 'ch' }, { ...row, segment: 'a\0b', nPlus: 0 }]
    await node.store.flushEvidence([{ ...flush, counters }])
    await node.store.flushEvidence([{ ...flush, counters }])
    const stored = await prisma().evidenceCounter.findMany({
      where: { seriesId: flush.seriesId },
      orderBy: { segment: 'asc' },
    })
    expect(stored.map(({ segment, nPlus }) => [segment, nPlus])).toEqual([
      ['', 1n],
      ['a\uFFFDb', 0n],
      ['ch', 1n],
    ])
  })
})

describe('minutes', () => {
  const minuteOf = (changes: Partial<MinuteRow>): MinuteRow => ({
    ...{ seriesId: flush.seriesId, minuteMs: MINUTE_MS, requests: 100, sampled: 40, seq: 3, ...changes },
  })
  const stored = async () =>
    (await prisma().evidenceMinute.findMany({ where: { seriesId: flush.seriesId } })).map(
      ({ minute, requests, sampled }) => [minute.getTime(), Number(requests), Number(sampled)],
    )

  it('are absolute: repeated they change nothing, late they take nothing back', async () => {
    const early = minuteOf({ requests: 10, sampled: 4, seq: 1 })
    await node.store.flushEvidence([], { minutes: [minuteOf({})] })
    await node.store.flushEvidence([], {
      minutes: [minuteOf({}), minuteOf({ minuteMs: MINUTE_MS + 60_000 })],
    })
    await node.store.flushEvidence([], { minutes: [early] })
    expect(await stored()).toEqual([
      [MINUTE_MS, 100, 40],
      [MINUTE_MS + 60_000, 100, 40],
    ])
  })

  it('of a closed series, or of one that is gone, change nothing and keep nothing else from being stored', async () => {
    await node.store.flushEvidence([], { minutes: [minuteOf({})] })
    await close()
    const gone = minuteOf({ seriesId: '00000000-0000-4000-8000-000000000000' })
    await node.store.flushEvidence([], { minutes: [gone, minuteOf({ requests: 500, seq: 9 })] })
    expect(await stored()).toEqual([[MINUTE_MS, 100, 40]])
  })
})

describe('examples', () => {
  const example = (requestId: string, inputs?: Uint8Array) => [
    { kind: 'random', requestId, body: {}, inputs },
  ]
  const stored = () =>
    prisma().pairExample.findMany({ where: { seriesId: flush.seriesId }, orderBy: { requestId: 'asc' } })

  it('of one source and step do not take the place of those of another', async () => {
    await node.store.requests.claimReplay(flush.seriesId)
    await node.store.flushEvidence([
      { ...flush, examples: example('live-1') },
      { ...flush, source: 'replay', examples: example('replay-1') },
      { ...flush, step: 'canary-5', examples: example('canary-1') },
    ])
    await node.store.flushEvidence([{ ...flush, seq: flush.seq + 1, examples: example('live-2') }])
    expect((await stored()).map(({ requestId }) => requestId)).toEqual(['canary-1', 'live-2', 'replay-1'])
  })

  it('lose their inputs after 7 days, and stay', async () => {
    await node.store.flushEvidence([
      {
        ...flush,
        examples: [...example('old', Buffer.from('sealed')), ...example('new', Buffer.from('sealed'))],
      },
    ])
    await prisma().pairExample.updateMany({
      where: { requestId: 'old' },
      data: { at: new Date(Date.now() - 8 * 86_400_000) },
    })
    await node.store.requests.forget(new Map())
    expect((await stored()).map(({ inputs }) => inputs && Buffer.from(inputs).toString())).toEqual([
      'sealed',
      null,
    ])
  })
})

describe('kept answers', () => {
  const answerOf = (changes: Partial<KeptAnswerRow> = {}): KeptAnswerRow => ({
    ...{ model, requestId: 'r-1', number: 1, digest: 'd1', row: 0, atMs: Date.now() },
    ...{
      pair: { seriesId: flush.seriesId, step: 'shadow' },
      source: 'live',
      answer: '{"label":[1]}',
      ...changes,
    },
  })
  const live = (changes: Partial<KeptAnswerRow> = {}) => answerOf({ pair: null, ...changes })
  const stored = async () =>
    (
      await prisma().keptAnswer.findMany({
        where: { model },
        orderBy: [{ requestId: 'asc' }, { number: 'asc' }],
      })
    ).map(({ requestId, number, row, seriesId, answer }) => ({
      requestId,
      number: Number(number),
      row,
      seriesId,
      answer,
    }))

  it('are stored once, however often they are flushed', async () => {
    const answers = [answerOf(), answerOf({ number: 2, answer: JSON.stringify({ label: ['a\0'] }) })]
    await node.store.flushEvidence([], { answers })
    await node.store.flushEvidence([], { answers: [...answers, ...answers] })
    await node.store.flushEvidence([], { answers: [answerOf({ row: 7 })] })
    const { seriesId } = flush
    expect(await stored()).toEqual([
      { requestId: 'r-1', number: 1, row: 0, seriesId, answer: { label: [1] } },
      { requestId: 'r-1', number: 2, row: 0, seriesId, answer: { label: ['a\uFFFD'] } },
    ])
  })

  it('of a pair take the place of a live one of the same request, never the other way round', async () => {
    await node.store.flushEvidence([], { answers: [live({ row: 3 })] })
    await node.store.flushEvidence([], { answers: [live({ row: 4 })] })
    expect(await stored()).toMatchObject([{ row: 3, seriesId: null }])
    await node.store.flushEvidence([], { answers: [answerOf({ row: 5 })] })
    await node.store.flushEvidence([], { answers: [live({ row: 6 })] })
    expect(await stored()).toMatchObject([{ row: 5, seriesId: flush.seriesId }])
  })

  it('are forgotten after 30 days', async () => {
    const atMs = Date.now() - 31 * 86_400_000
    await node.store.flushEvidence([], {
      answers: [live({ requestId: 'old', atMs }), live({ requestId: 'new' })],
    })
    await node.store.requests.forget(new Map())
    expect((await stored()).map(({ requestId }) => requestId)).toEqual(['new'])
  })
})
