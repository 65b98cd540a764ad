import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OutputResult, PairComparison } from '../comparators/compare-pair.ts'
import { PairLedger, type PairLedgerOptions } from './pair-ledger.ts'
import { RecentIds } from './recent-ids.ts'

function ledgerOf(options: Partial<PairLedgerOptions> = {}): PairLedger {
  return new PairLedger({ source: 'live', step: 'shadow', salt: 'salt', ...options })
}

/** Admits requests of no segment, whose run nobody timed. */
function admit(ledger: PairLedger, ids: readonly string[], atMs = 0) {
  const slot = ledger.admitRun(
    ids.map((requestId) => ({ requestId, segment: '' })),
    atMs,
  )
  return {
    ...slot,
    settle: (comparisons: readonly PairComparison[]) => slot.settle({ comparisons, candidateRunMs: null }),
  }
}

type Slot = ReturnType<typeof admit>

interface Outcome {
  readonly failed?: 'baseline' | 'candidate' | 'both'
  readonly agrees?: boolean
  readonly magnitude?: number
  readonly gate?: boolean
  readonly flip?: OutputResult['flip']
}

function compared(requestId: string, outcome: Outcome = {}): PairComparison {
  const { failed, agrees = true, magnitude = 1, gate = true, flip = null } = outcome
  const side = (name: string) =>
    failed === name || failed === 'both' ? { errorCode: 'serving.run_timeout' } : { outputs: [] }
  const rowsDiffering = agrees ? 0 : 1
  return {
    requestId,
    rows: 1,
    baselineFailed: failed === 'baseline' || failed === 'both',
    candidateFailed: failed === 'candidate' || failed === 'both',
    outputs: failed
      ? []
      : [
          {
            output: 'label',
            gate,
            rowsDiffering,
            unitAgrees: agrees,
            flip,
            magnitude: agrees ? 0 : magnitude,
          },
        ],
    breach: null,
    shownRow: 0,
    baseline: side('baseline'),
    candidate: side('candidate'),
  }
}

function counts(ledger: PairLedger, gate: string): readonly [number, number, number] {
  const row = ledger.snapshot().counters.find((counters) => counters.gate === gate)
  return row ? [row.nPlus, row.nZero, row.nMinus] : [0, 0, 0]
}

describe('PairLedger', () => {
  it('counts errors by who failed alone, and outputs only where both answered', () => {
    const ledger = ledgerOf()
    const outcomes: readonly Outcome[] = [
      {},
      { agrees: false },
      { failed: 'candidate' },
      { failed: 'baseline' },
      { failed: 'both' },
    ]
    for (const [index, outcome] of outcomes.entries()) {
      admit(ledger, [`r${index}`], 0).settle([compared(`r${index}`, outcome)])
    }
    expect(counts(ledger, 'errors')).toEqual([1, 3, 1])
    expect(counts(ledger, 'disagreement')).toEqual([1, 1, 0])
  })

  it('counts which way rows went over a threshold beside their disagreement, which counts either way', () => {
    const ledger = ledgerOf()
    const outcomes: readonly Outcome[] = [
      { flip: 0 },
      { agrees: false, flip: 1 },
      { agrees: false, flip: 1 },
      { agrees: false, flip: -1 },
      // NaN against a number.
      { agrees: false, flip: 0 },
      { failed: 'candidate' },
    ]
    for (const [index, outcome] of outcomes.entries()) {
      admit(ledger, [`r${index}`]).settle([compared(`r${index}`, outcome)])
    }
    expect(counts(ledger, 'flips')).toEqual([2, 2, 1])
    expect(counts(ledger, 'disagreement')).toEqual([4, 1, 0])
  })

  it('names source, step, gate and property of every counter', () => {
    const ledger = ledgerOf()
    admit(ledger, ['r'], 0).settle([compared('r')])
    const key = { source: 'live', step: 'shadow', segment: '', nPlus: 0, nZero: 1, nMinus: 0 }
    expect(ledger.snapshot().counters).toEqual([
      { ...key, gate: 'errors', property: 'failed' },
      { ...key, gate: 'disagreement', property: 'label' },
    ])
  })

  it('counts in order of admission: nothing of a run before all earlier runs are settled', () => {
    const ledger = ledgerOf()
    const [slow, lost, fast] = ['a', 'b', 'c'].map((id) => admit(ledger, [id], 0)) as [Slot, Slot, Slot]
    fast.settle([compared('c')])
    lost.lose()
    expect(ledger.snapshot()).toMatchObject({ seq: 0, counters: [], loss: { admitted: 0, lost: 0 } })
    slow.settle([compared('a', { failed: 'candidate' })])
    expect(counts(ledger, 'errors')).toEqual([1, 1, 0])
    expect(ledger.snapshot()).toMatchObject({
      seq: 3,
      loss: { source: 'live', step: 'shadow', admitted: 3, lost: 1 },
    })
  })

  it('keeps flips of each output and segment apart', () => {
    const ledger = ledgerOf()
    const flip = (id: string, segment: string, way: OutputResult['flip']) =>
      ledger.admitRun([{ requestId: id, segment }], 0).settle({
        comparisons: [compared(id, { agrees: false, gate: false, flip: way })],
        candidateRunMs: null,
      })
    flip('a', 'de', 1)
    flip('b', 'de', -1)
    flip('c', '', -1)
    const key = { source: 'live', step: 'shadow', gate: 'flips', property: 'label' }
    expect(ledger.snapshot().counters.filter(({ gate }) => gate === 'flips')).toEqual([
      { ...key, segment: 'de', nPlus: 1, nZero: 0, nMinus: 1 },
      { ...key, segment: '', nPlus: 0, nZero: 0, nMinus: 1 },
    ])
  })

  it('ignores what is said of a run after it was closed', () => {
    const ledger = ledgerOf()
    const slot = admit(ledger, ['a'], 0)
    slot.settle([compared('a')])
    const once = ledger.snapshot()
    slot.settle([compared('a', { failed: 'candidate' })])
    slot.lose()
    expect(ledger.snapshot()).toEqual(once)
  })

  it('counts one request per run for errors, however many there are, and each request for outputs', () => {
    const ledger = ledgerOf()
    const ids = Array.from({ length: 8 }, (_, index) => `r${index}`)
    admit(ledger, ids, 0).settle(ids.map((id) => compared(id)))
    expect(counts(ledger, 'errors')).toEqual([0, 1, 0])
    expect(counts(ledger, 'disagreement')).toEqual([0, 8, 0])
  })

  it('draws the request that counts for errors before results are known, each of a run equally often', () => {
    const drawn = [0, 0, 0, 0]
    for (let run = 0; run < 2_000; run++) {
      for (let failing = 0; failing < 4; failing++) {
        const ledger = ledgerOf({ examples: 0 })
        const ids = [0, 1, 2, 3].map((index) => `run-${run}-${index}`)
        admit(ledger, ids, 0).settle(
          ids.map((id, index) => compared(id, index === failing ? { failed: 'candidate' } : {})),
        )
        drawn[failing] = (drawn[failing] ?? 0) + counts(ledger, 'errors')[0]
      }
    }
    expect(drawn.reduce((sum, count) => sum + count, 0)).toBe(2_000)
    for (const count of drawn) expect(Math.abs(count - 500)).toBeLessThan(80)
  })

  it('counts a request id once in a series, also twice in one run', () => {
    const ledger = ledgerOf()
    admit(ledger, ['a', 'a'], 0).settle([compared('a'), compared('a')])
    admit(ledger, ['a'], 0).settle([compared('a', { failed: 'candidate' })])
    admit(ledger, ['a', 'b'], 0).settle([compared('a', { failed: 'candidate' }), compared('b')])
    expect(counts(ledger, 'errors')).toEqual([0, 2, 0])
    expect(counts(ledger, 'disagreement')).toEqual([0, 2, 0])
    expect(ledger.snapshot().loss).toMatchObject({ admitted: 2, lost: 0 })
    expect(ledger.examples().filter((example) => example.kind === 'random')).toHaveLength(2)
  })

  it('counts a request as lost when its run was settled without it', () => {
    const ledger = ledgerOf()
    admit(ledger, ['a', 'b'], 0).settle([compared('a')])
    expect(ledger.snapshot().loss).toMatchObject({ admitted: 2, lost: 1 })
  })

  it('loses further runs, and says so, when the oldest does not settle', () => {
    const ledger = ledgerOf({ openRunsMax: 2 })
    const slots = ['a', 'b', 'c'].map((id) => admit(ledger, [id], 0))
    for (const [index, slot] of slots.entries()) slot.settle([compared(['a', 'b', 'c'][index] ?? '')])
    expect(ledger.snapshot().loss).toMatchObject({ admitted: 3, lost: 1 })
    admit(ledger, ['d'], 0).settle([compared('d')])
    expect(counts(ledger, 'errors')).toEqual([0, 3, 0])
  })

  it('reports a breach at once, the first one, whatever else is open', () => {
    const ledger = ledgerOf()
    const breach = (output: string) =>
      ({ kind: 'dtype', output, detail: `output \`${output}\` is int32` }) as const
    admit(ledger, ['slow'], 0)
    admit(ledger, ['a'], 0).settle([{ ...compared('a'), breach: breach('label') }])
    admit(ledger, ['b'], 0).settle([{ ...compared('b'), breach: breach('score') }])
    expect(ledger.snapshot()).toMatchObject({
      seq: 1,
      breach: { requestId: 'a', breach: { output: 'label' } },
    })
  })

  it('draws the row that counts from the request id alone', () => {
    const [one, other] = [admit(ledgerOf(), ['a'], 0), admit(ledgerOf(), ['b', 'a'], 5)]
    expect(one.unitRow('a', 1_000)).toBe(other.unitRow('a', 1_000))
    expect(admit(ledgerOf({ salt: 'pepper' }), ['a'], 0).unitRow('a', 1_000)).not.toBe(
      one.unitRow('a', 1_000),
    )
  })

  it('counts the same whatever the order in which runs settle (property)', () => {
    const run = fc.record({
      outcome: fc.constantFrom<Outcome>({}, { agrees: false }, { failed: 'candidate' }),
      lost: fc.boolean(),
      rank: fc.integer(),
    })
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), (runs) => {
        const settled = (order: readonly number[]) => {
          const ledger = ledgerOf()
          const slots = runs.map((_, index) => admit(ledger, [`r${index}`], 0))
          for (const index of order) {
            if (runs[index]?.lost) slots[index]?.lose()
            else slots[index]?.settle([compared(`r${index}`, runs[index]?.outcome)])
          }
          return ledger
        }
        const inOrder = runs.map((_, index) => index)
        const shuffled = [...inOrder].sort((a, b) => (runs[a]?.rank ?? 0) - (runs[b]?.rank ?? 0))
        const [left, right] = [settled(inOrder), settled(shuffled)]
        expect(right.snapshot()).toEqual(left.snapshot())
        expect(right.examples()).toEqual(left.examples())
        expect(left.snapshot().seq).toBe(runs.length)
      }),
    )
  })

  it('counts a request once over all sources of a series', () => {
    const seen = new RecentIds(10)
    const [live, replay] = [ledgerOf({ seen }), ledgerOf({ seen, source: 'replay' })]
    admit(live, ['a']).settle([compared('a')])
    admit(replay, ['a', 'b']).settle([compared('a'), compared('b')])
    expect(counts(live, 'errors')).toEqual([0, 1, 0])
    expect(counts(replay, 'errors')).toEqual([0, 1, 0])
    expect(replay.snapshot().loss).toMatchObject({ source: 'replay', admitted: 1 })
  })

  it('stays right over more runs than it holds at once', () => {
    const ledger = ledgerOf({ seen: new RecentIds(100), examples: 1 })
    for (let run = 0; run < 5_000; run++) admit(ledger, [`r${run}`], run).settle([compared(`r${run}`)])
    expect(counts(ledger, 'errors')).toEqual([0, 5_000, 0])
    expect(ledger.snapshot()).toMatchObject({ seq: 5_000, loss: { admitted: 5_000, lost: 0 } })
  })
})

describe('slow runs', () => {
  const timed = (ledger: PairLedger, id: string, candidateRunMs: number | null) =>
    ledger
      .admitRun(
        [`${id}-1`, `${id}-2`].map((requestId) => ({ requestId, segment: 'a' })),
        0,
      )
      .settle({ comparisons: [compared(`${id}-1`), compared(`${id}-2`)], candidateRunMs })

  it('are counted once per run, beyond the limit only; a run that was ended is one', () => {
    const ledger = ledgerOf({ overMs: 50 })
    for (const [index, runMs] of [1, 50, 50.1, Number.POSITIVE_INFINITY].entries())
      timed(ledger, `r${index}`, runMs)
    expect(counts(ledger, 'slowRuns')).toEqual([2, 2, 0])
    expect(ledger.snapshot().counters).toContainEqual(
      expect.objectContaining({ gate: 'slowRuns', property: 'over', segment: '' }),
    )
  })

  it('are not counted where nobody measured, nothing ran, no request was new or no limit is set', () => {
    const ledger = ledgerOf({ overMs: 50 })
    timed(ledger, 'a', null)
    ledger.admitRun([{ requestId: 'lost', segment: '' }], 0).lose()
    timed(ledger, 'b', 99)
    timed(ledger, 'b', 99)
    expect(counts(ledger, 'slowRuns')).toEqual([1, 0, 0])
    const unlimited = ledgerOf()
    timed(unlimited, 'a', 99)
    expect(counts(unlimited, 'slowRuns')).toEqual([0, 0, 0])
  })
})

describe('segments', () => {
  function settledIn(ledger: PairLedger, id: string, segment: string): void {
    const run = { comparisons: [compared(id, { agrees: segment !== 'bad' })], candidateRunMs: null }
    ledger.admitRun([{ requestId: id, segment }], 0).settle(run)
  }

  it('are counted apart, and together are the whole', () => {
    const ledger = ledgerOf()
    for (const [index, segment] of ['', 'good', 'bad', 'good'].entries())
      settledIn(ledger, `r${index}`, segment)
    const rows = ledger.snapshot().counters.filter((row) => row.gate === 'disagreement')
    expect(rows.map(({ segment, nPlus, nZero }) => [segment, nPlus, nZero])).toEqual([
      ['', 0, 1],
      ['good', 0, 2],
      ['bad', 1, 0],
    ])
  })

  it('are at most so many, however many values callers send; the rest is `other`', () => {
    const ledger = ledgerOf({ segmentsMax: 3 })
    const values = ['a', 'b', '', 'c', 'd', 'e', 'a', 'other']
    for (const [index, segment] of values.entries()) settledIn(ledger, `r${index}`, segment)
    const rows = ledger.snapshot().counters.filter((row) => row.gate === 'errors')
    expect(Object.fromEntries(rows.map(({ segment, nZero }) => [segment, nZero]))).toEqual({
      a: 2,
      b: 1,
      '': 1,
      c: 1,
      other: 3,
    })
  })

  it('have names that a database can hold and a page can show', () => {
    const ledger = ledgerOf()
    settledIn(ledger, 'r', ` te\u0000na\ud800nt${'x'.repeat(1_000)}`)
    const [row] = ledger.snapshot().counters
    expect(row?.segment).toMatch(/^te\uFFFDna\uFFFDntx+$/)
    expect(row?.segment?.length).toBeLessThanOrEqual(100)
  })
})

describe('examples', () => {
  it('keeps the worst disagreements: deciding outputs before shown ones, then by magnitude', () => {
    const ledger = ledgerOf({ examples: 3 })
    const outcomes: Readonly<Record<string, Outcome>> = {
      small: { agrees: false, magnitude: 0.1 },
      equal: {},
      shown: { agrees: false, magnitude: Number.MAX_VALUE, gate: false },
      great: { agrees: false, magnitude: 2 },
      middle: { agrees: false, magnitude: 1 },
    }
    for (const [id, outcome] of Object.entries(outcomes))
      admit(ledger, [id], 7).settle([compared(id, outcome)])
    const worst = ledger.examples().filter((example) => example.kind === 'worst')
    expect(worst.map((example) => example.requestId)).toEqual(['great', 'middle', 'small'])
    expect(worst[0]).toMatchObject({
      atMs: 7,
      rows: 1,
      differing: [{ output: 'label', rowsDiffering: 1, magnitude: 2 }],
    })
  })

  it('keeps failures of one version alone, the candidate first', () => {
    const ledger = ledgerOf()
    for (const failed of ['baseline', 'candidate', 'both'] as const) {
      admit(ledger, [failed], 0).settle([compared(failed, { failed })])
    }
    const kept = ledger.examples().filter((example) => example.kind === 'failed')
    expect(kept.map((example) => example.requestId)).toEqual(['candidate', 'baseline'])
  })

  it('keeps a uniform sample of all pairs: the last is as likely as the first', () => {
    let [early, late] = [0, 0]
    for (let series = 0; series < 200; series++) {
      const ledger = ledgerOf({ salt: `series-${series}`, examples: 10 })
      for (let run = 0; run < 100; run++) admit(ledger, [`r${run}`], run).settle([compared(`r${run}`)])
      for (const { atMs } of ledger.examples()) {
        if (atMs < 50) early++
        else late++
      }
    }
    expect(early + late).toBe(2_000)
    expect(Math.abs(early - late)).toBeLessThan(150)
  })
})
