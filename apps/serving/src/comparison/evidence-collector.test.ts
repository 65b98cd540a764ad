import { type MirrorPlan, PlatformError, type Tensor } from '@understudy/core'
import type { Pair } from '@understudy/serving'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { answerComparison } from './answer-comparison.ts'
import type { ComparisonRun } from './comparison-protocol.ts'
import { EvidenceCollector, type RunComparer } from './evidence-collector.ts'

const mirror = (seriesId = 's1', step = 'shadow'): MirrorPlan => ({
  rolloutId: 'r1',
  seriesId,
  step,
  baseline: 1,
  candidate: 2,
  sample: 1,
  compare: { label: { compare: { kind: 'equal' }, gate: true } },
  traceparent: null,
})
const labels = (...values: bigint[]): Tensor => ({
  dtype: 'int64',
  shape: [values.length],
  data: new BigInt64Array(values),
})
const answer = (value: bigint) => ({ outputs: new Map([['label', labels(value)]]) })
const pair = (requestId: string, candidate: bigint | PlatformError): Pair => ({
  requestId,
  rows: 1,
  inputs: new Map(),
  baseline: answer(1n),
  candidate: candidate instanceof PlatformError ? { error: candidate } : answer(candidate),
})

/** Compares in place, when told to. */
class HeldComparer implements RunComparer {
  readonly runs: { readonly run: ComparisonRun; readonly go: (failure?: Error) => void }[] = []

  compare(run: ComparisonRun) {
    return new Promise<ReturnType<typeof answerComparison>['comparisons']>((resolve, reject) => {
      const go = (failure?: Error) =>
        failure ? reject(failure) : resolve(answerComparison({ id: 1, run }).comparisons)
      this.runs.push({ run, go })
    })
  }
}

const collect = () => {
  const comparer = new HeldComparer()
  const collector = new EvidenceCollector({ comparer, baselineOutputs: () => [], clock: new TestClock() })
  const run = (id: string, candidate: bigint | PlatformError = 1n, plan = mirror()) => {
    collector.admit(plan, [id]).settle([pair(id, candidate)])
  }
  const settled = () => waitFor('all runs to be counted', () => collector.openRuns === 0)
  const goAll = async () => {
    for (const { go } of comparer.runs.splice(0)) go()
    await settled()
  }
  return { comparer, collector, run, settled, goAll }
}
const count = (gate: string, property: string, nPlus: number, nZero: number, nMinus = 0) => ({
  gate,
  property,
  nPlus,
  nZero,
  nMinus,
})

describe('EvidenceCollector', () => {
  it('counts agreement, disagreement and failures of a series as absolute values', async () => {
    const { collector, run, goAll } = collect()
    run('a')
    run('b', 5n)
    run('c', new PlatformError('serving.run_timeout', 'too slow'))
    await goAll()
    expect(collector.snapshots()).toEqual([
      {
        seriesId: 's1',
        source: 'live',
        step: 'shadow',
        seq: 3,
        admitted: 3,
        lost: 0,
        counters: [count('errors', 'failed', 1, 2), count('disagreement', 'label', 1, 1)],
        breaches: [],
        examples: expect.arrayContaining([expect.objectContaining({ kind: 'worst', requestId: 'b' })]),
      },
    ])
  })

  it('takes a crash that its input repeats, and the baseline survives, for a breach; one that does not come again for an error', async () => {
    const { collector, goAll } = collect()
    const error = new PlatformError('onnx.run_crashed', 'ended')
    const settle = (id: string, candidate: Pair['candidate']) =>
      collector.admit(mirror(), [id]).settle([{ ...pair(id, 1n), candidate }])
    settle('once', { error })
    await goAll()
    expect(collector.snapshots()[0]).toMatchObject({ breaches: [] })
    settle('again', { error, confirmed: true })
    await goAll()
    expect(collector.snapshots()[0]).toMatchObject({
      counters: [count('errors', 'failed', 2, 0)],
      breaches: [{ kind: 'crash', requestId: 'again' }],
    })
  })

  it('counts in order of admission, whatever is compared first', async () => {
    const { comparer, collector, run, settled } = collect()
    run('slow')
    run('fast')
    comparer.runs[1]?.go()
    await waitFor('the second to be compared', () => collector.openRuns === 1)
    expect(collector.snapshots()).toEqual([])
    comparer.runs[0]?.go()
    await settled()
    expect(collector.snapshots()[0]).toMatchObject({ admitted: 2, lost: 0 })
  })

  it('counts a run as lost when the platform or the worker loses it', async () => {
    const { comparer, collector, run, settled } = collect()
    collector.admit(mirror(), ['shed']).lose()
    run('died')
    comparer.runs[0]?.go(new Error('worker ended'))
    await settled()
    expect(collector.snapshots()[0]).toMatchObject({ admitted: 2, lost: 2, counters: [] })
  })

  it('shows a snapshot until it is stored, and again after it changed', async () => {
    const { collector, run, goAll } = collect()
    run('a')
    await goAll()
    const first = collector.snapshots()
    expect(collector.snapshots()).toEqual(first)
    run('b')
    await goAll()
    collector.stored(first)
    expect(collector.snapshots()[0]).toMatchObject({ seq: 2, admitted: 2 })
    collector.stored(collector.snapshots())
    expect(collector.snapshots()).toEqual([])
  })

  it('keeps series and steps apart', async () => {
    const { collector, run, goAll } = collect()
    run('a', 1n, mirror('s1', 'shadow'))
    run('a', 1n, mirror('s1', 'bake'))
    run('a', 1n, mirror('s2', 'shadow'))
    await goAll()
    expect(collector.snapshots().map(({ seriesId, step }) => `${seriesId}/${step}`)).toEqual([
      's1/shadow',
      's1/bake',
      's2/shadow',
    ])
  })

  it('counts on where it was when a series leaves the plan and returns', async () => {
    const { collector, run, goAll } = collect()
    run('a', 5n)
    await goAll()
    collector.setPlannedSeries(new Set())
    expect(collector.snapshots()[0]).toMatchObject({ admitted: 1 })
    collector.stored(collector.snapshots())
    collector.setPlannedSeries(new Set(['s1']))
    run('b', 5n)
    await goAll()
    expect(collector.snapshots()[0]).toMatchObject({
      seq: 2,
      admitted: 2,
      counters: [count('errors', 'failed', 0, 2), count('disagreement', 'label', 2, 0)],
    })
  })

  it('drops no ledger before its last run is counted and stored', async () => {
    const { collector, run, goAll } = collect()
    run('a')
    collector.setPlannedSeries(new Set())
    await goAll()
    const last = collector.snapshots()
    expect(last[0]).toMatchObject({ admitted: 1 })
    collector.stored(last)
    expect(collector.snapshots()).toEqual([])
  })
})
