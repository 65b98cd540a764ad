import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { analysisOf } from '../src/index.ts'
import type { EvidenceFlush } from '../src/node/index.ts'
import { type FakeNode, World } from './support/index.ts'

let world: World
let node: FakeNode
let counter = 0
/** A model in its shadow. */
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
  await world.pushValid(model, 2)
  expect(await world.settle(model)).toEqual(['started', 'shadowReady'])
})

async function evidence() {
  const { evidence } = await world.rollout(model)
  if (!evidence) throw new Error('the rollout has no evidence')
  return evidence
}

async function errors() {
  const { counters } = await evidence()
  const row = counters.find((candidate) => candidate.gate === 'errors')
  return row && { nPlus: row.nPlus, nZero: row.nZero, nMinus: row.nMinus }
}

describe('a flush of evidence', () => {
  it('is summed over nodes, and over incarnations of one node', async () => {
    const second = await world.node('node-2', { keepsUp: false })
    const restarted = await world.node('node-1', { keepsUp: false })
    await node.counts(model, { pairs: 10, failed: 1, lost: 2 })
    await second.counts(model, { pairs: 20, failed: 2 })
    await restarted.counts(model, { pairs: 30, failed: 3, lost: 4 })
    expect(await errors()).toEqual({ nPlus: 6, nZero: 54, nMinus: 0 })
    expect((await evidence()).losses).toEqual([{ source: 'live', step: 'shadow', admitted: 66, lost: 6 }])
    await second.leave()
    await restarted.leave()
  })

  it('with flips is summed with those of nodes of an earlier release, which have none, and judged by all', async () => {
    const [second, earlier] = [
      await world.node('node-2', { keepsUp: false }),
      await world.node('node-3', { keepsUp: false }),
    ]
    const differing = { score: 9 }
    await node.counts(model, { pairs: 300, differing, flips: { score: { up: 7, down: 2 } } })
    await second.counts(model, { pairs: 300, differing, flips: { score: { up: 6, down: 3 } } })
    await earlier.counts(model, { pairs: 300, differing })
    const record = await world.record(model)
    const analysis = analysisOf(record, await world.rollout(model))
    expect(analysis?.flips).toMatchObject([
      { source: 'live', output: 'score', counters: { nPlus: 13, nZero: 582, nMinus: 5 }, pairs: 600 },
    ])
    const disagreement = analysis?.gates.find(({ gate }) => gate === 'disagreement')
    const score = disagreement?.properties.find(({ property }) => property === 'score')
    expect(score).toMatchObject({ decides: false, counters: { nPlus: 27, nZero: 873, nMinus: 0 } })
    await second.leave()
    await earlier.leave()
  })

  it('changes nothing when it is repeated', async () => {
    const flush = await node.flushOf(model, { pairs: 10, failed: 1 })
    await node.store.flushEvidence([flush])
    const before = await evidence()
    await node.store.flushEvidence([flush, flush])
    expect(await evidence()).toEqual(before)
  })

  it('takes nothing back when it comes late', async () => {
    const example = (requestId: string) => [{ kind: 'differing', requestId, body: {} }]
    const early = { ...(await node.flushOf(model, { pairs: 10 })), examples: example('r-1') }
    const late = { ...(await node.flushOf(model, { pairs: 20, failed: 2 })), examples: example('r-2') }
    await node.store.flushEvidence([late])
    await node.store.flushEvidence([early])
    expect(await errors()).toEqual({ nPlus: 2, nZero: 18, nMinus: 0 })
    expect((await evidence()).losses).toMatchObject([{ admitted: 20 }])
    const { prisma } = world.database
    const kept = await prisma.pairExample.findMany({ where: { seriesId: early.seriesId } })
    expect(kept.map((row) => row.requestId)).toEqual(['r-2'])
  })

  it('keeps a breach as it was first seen, and one of each kind', async () => {
    await node.counts(model, { pairs: 1, breach: { kind: 'dtype', detail: 'score became int64' } })
    await node.counts(model, { pairs: 2, breach: { kind: 'dtype', detail: 'later' } })
    expect((await evidence()).breaches).toEqual([
      { kind: 'dtype', detail: 'score became int64', requestId: 'r-1' },
    ])
  })

  it('changes nothing once the series is closed: what was judged stays as it was', async () => {
    const flush = await node.flushOf(model, { pairs: 10 })
    await node.store.flushEvidence([flush])
    const { prisma } = world.database
    await prisma.evidenceSeries.update({ where: { id: flush.seriesId }, data: { closedAt: new Date() } })
    const late: EvidenceFlush = {
      ...flush,
      seq: 99,
      lost: 9,
      counters: flush.counters.map((row) => ({ ...row, nPlus: 1_000 })),
      breaches: [{ kind: 'dtype', detail: 'late', requestId: null }],
      examples: [{ kind: 'differing', requestId: 'late', body: {} }],
    }
    const before = await evidence()
    await node.store.flushEvidence([late])
    expect(await evidence()).toEqual(before)
    // Neither does what reaches the table by another way.
    await prisma.$executeRaw`UPDATE evidence_counter SET n_plus = 5 WHERE series_id = ${flush.seriesId}::uuid`
    expect(await evidence()).toEqual(before)
  })

  it('of a series that is gone does not keep the others from being counted', async () => {
    const flush = await node.flushOf(model, { pairs: 10 })
    const gone = { ...flush, seriesId: '00000000-0000-4000-8000-000000000000' }
    await node.store.flushEvidence([gone, flush])
    expect(await errors()).toMatchObject({ nZero: 10 })
  })

  it('is stored whatever a model answered with', async () => {
    const flush = await node.flushOf(model, { pairs: 10 })
    const body = { baseline: { outputs: [{ output: 'label', values: ['a\0b', '\ud800'] }] } }
    await node.store.flushEvidence([
      {
        ...flush,
        breaches: [{ kind: 'dtype', detail: 'a\0b', requestId: null }],
        examples: [{ kind: 'differing', requestId: 'r', body }],
      },
    ])
    expect(await errors()).toMatchObject({ nZero: 10 })
    expect((await evidence()).breaches[0]?.detail).toBe('a\uFFFDb')
  })

  it('of several segments is one whole, and each of its parts', async () => {
    const flush = await node.flushOf(model, { pairs: 10, failed: 1 })
    await node.store.flushEvidence([flush])
    const { prisma } = world.database
    await prisma.$executeRaw`
      INSERT INTO evidence_counter (series_id, incarnation, source, step, gate, property, segment, seq, n_plus, n_zero, n_minus)
      SELECT series_id, incarnation, source, step, gate, property, 'acme', seq, 2, 3, 0 FROM evidence_counter
      WHERE series_id = ${flush.seriesId}::uuid AND gate = 'errors'`
    const rows = (await evidence()).counters.filter((row) => row.gate === 'errors')
    expect(rows.map(({ segment, nPlus, nZero }) => ({ segment, nPlus, nZero }))).toEqual([
      { segment: undefined, nPlus: 1, nZero: 9 },
      { segment: 'acme', nPlus: 2, nZero: 3 },
    ])
    const [verdict] = analysisOf(await world.record(model), await world.rollout(model))?.gates ?? []
    expect(verdict).toMatchObject({ gate: 'errors', pairs: 15 })
  })

  it('knows how much of the traffic it speaks for, minute by minute, over all nodes', async () => {
    const { seriesId } = await evidence()
    const { prisma } = world.database
    const minute = new Date('2026-11-30T12:00:00Z')
    for (const incarnation of [
      '00000000-0000-4000-8000-000000000001',
      '00000000-0000-4000-8000-000000000002',
    ])
      await prisma.evidenceMinute.createMany({
        data: [0, 1].map((i) => ({
          ...{ seriesId, incarnation, seq: 1, requests: 100 * (i + 1), sampled: 10 },
          minute: new Date(minute.getTime() + i * 60_000),
        })),
      })
    const expected = [
      { atMs: minute.getTime(), requests: 200, sampled: 20 },
      { atMs: minute.getTime() + 60_000, requests: 400, sampled: 20 },
    ]
    expect((await evidence()).minutes).toEqual(expected)
    await prisma.evidenceSeries.update({ where: { id: seriesId }, data: { closedAt: new Date() } })
    await prisma.$executeRaw`UPDATE evidence_minute SET sampled = 0 WHERE series_id = ${seriesId}::uuid`
    expect((await evidence()).minutes).toEqual(expected)
  })

  it('finds the breach of every series, however many there were before', async () => {
    const { prisma } = world.database
    const { seriesId } = await evidence()
    const others = Array.from({ length: 120 }, (_, i) => ({
      seriesId,
      incarnation: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      kind: 'dtype',
      detail: 'old',
    }))
    await prisma.evidenceBreach.createMany({ data: others })
    await node.counts(model, { pairs: 1, breach: { kind: 'rank', detail: 'score became a matrix' } })
    const kinds = (await evidence()).breaches.map((breach) => breach.kind)
    expect(kinds.sort()).toEqual(['dtype', 'rank'])
  })
})
