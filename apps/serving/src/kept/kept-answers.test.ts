import type { MirrorPlan, PlannedVersion, Tensor } from '@understudy/core'
import type { PairComparison } from '@understudy/rollout'
import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import type { PairAnswers } from '../comparison/comparison-run.ts'
import type { PlannedSeries } from '../node/mirrored-series.ts'
import { KeptAnswers } from './kept-answers.ts'

const mirror = { seriesId: 's1', step: 'canary-5' } as MirrorPlan
const series = {
  ...{ model: 'iris', mirror },
  baseline: { number: 1, digest: 'd1' } as PlannedVersion,
  candidate: { number: 2, digest: 'd2' } as PlannedVersion,
} satisfies PlannedSeries
const labels = (...values: readonly bigint[]): Tensor => ({
  ...{ dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values) },
})
const finding = (requestId: string, answers: PairAnswers | null, candidateFailed = false) => ({
  comparison: { requestId, baselineFailed: false, candidateFailed } as PairComparison,
  answers,
})
const collect = (random = () => 0.6) =>
  new KeptAnswers({
    ...{ random, clock: new TestClock() },
    seriesOf: (id) => (id === 's1' ? series : undefined),
  })

describe('KeptAnswers', () => {
  it('keeps both halves of a pair, of the row that counts, with the series and step they belong to', () => {
    const kept = collect()
    kept.keep(mirror, 'replay', [finding('a', { row: 3, baseline: '{"y":1}', candidate: '{"y":2}' })])
    const rest = {
      model: 'iris',
      requestId: 'a',
      row: 3,
      pair: { seriesId: 's1', step: 'canary-5' },
      source: 'replay',
    }
    expect(kept.pending()).toMatchObject([
      { ...rest, number: 1, digest: 'd1', answer: '{"y":1}' },
      { ...rest, number: 2, digest: 'd2', answer: '{"y":2}' },
    ])
  })

  it('keeps one row of a live answer, drawn at random', () => {
    const kept = collect()
    const outputs = new Map([['label', labels(7n, 8n, 9n)]])
    kept.offer('iris', { number: 1, digest: 'd1' }, { requestId: 'a', rows: 3 }, outputs)
    const [row] = kept.pending()
    expect(row).toMatchObject({ model: 'iris', number: 1, row: 1, pair: null, source: 'live' })
    expect(JSON.parse(row?.answer ?? '')).toMatchObject({ label: { values: ['8'] } })
  })

  it('counts what is too large, and not a version that failed', () => {
    const kept = collect()
    kept.keep(mirror, 'live', [
      finding('a', { row: 0, baseline: null, candidate: '{}' }),
      finding('b', { row: 0, baseline: '{}', candidate: null }, true),
      finding('c', null),
    ])
    const large = new Map<string, Tensor>([
      ['y', { dtype: 'float32', shape: [1, 5_000], data: new Float32Array(5_000) }],
    ])
    kept.offer('iris', { number: 1, digest: 'd1' }, { requestId: 'd', rows: 1 }, large)
    expect(kept.dropped).toEqual({ tooLarge: 2, noRoom: 0 })
    expect(kept.pending()).toHaveLength(2)
  })

  it('gives a bounded number away at a time, again until it is stored, and drops what there is no room for', () => {
    const kept = collect()
    const outputs = new Map([['label', labels(1n)]])
    for (let index = 0; index < 10_002; index += 1) {
      kept.offer('iris', { number: 1, digest: 'd1' }, { requestId: `r-${index}`, rows: 1 }, outputs)
    }
    expect(kept.dropped.noRoom).toBe(2)
    const first = kept.pending()
    expect(first).toHaveLength(1_000)
    expect(kept.pending()).toEqual(first)
    kept.stored(first)
    expect(kept.pending()[0]).toMatchObject({ requestId: 'r-1000' })
  })

  it('keeps nothing of a series that the plan does not know any more', () => {
    const kept = collect()
    kept.keep({ ...mirror, seriesId: 'gone' }, 'live', [
      finding('a', { row: 0, baseline: '{}', candidate: '{}' }),
    ])
    expect(kept.pending()).toEqual([])
  })
})
