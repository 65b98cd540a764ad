import { deriveInputKey, type MirrorPlan, PlatformError, type Tensor, unsealBytes } from '@understudy/core'
import type { Pair, PairSource } from '@understudy/serving'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { answerComparison } from './answer-comparison.ts'
import type { ComparisonRun, PairFinding } from './comparison-run.ts'
import { EvidenceCollector, type EvidenceCollectorOptions, type RunComparer } from './evidence-collector.ts'
import { unpackFindings } from './packed-findings.ts'
import { packRuns } from './packed-runs.ts'
import { exampleSubject } from './sealed-inputs.ts'

const mirror = (seriesId = 's1', step = 'shadow', changes: Partial<MirrorPlan> = {}): MirrorPlan => ({
  rolloutId: 'r1',
  seriesId,
  step,
  baseline: 1,
  candidate: 2,
  sample: 1,
  candidateShare: 0,
  compare: { label: { compare: { kind: 'equal' }, gate: true } },
  latency: null,
  segmentHeader: null,
  keepAnswers: false,
  replay: false,
  storeInputs: false,
  traceparent: null,
  ...changes,
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
  inputs: new Map([['x', labels(42n)]]),
  baseline: answer(1n),
  candidate: candidate instanceof PlatformError ? { error: candidate } : answer(candidate),
})

/** Compares in place, when told to. */
class HeldComparer implements RunComparer {
  readonly runs: { readonly run: ComparisonRun; readonly go: (failure?: Error) => void }[] = []

  compare(run: ComparisonRun) {
    return new Promise<readonly PairFinding[]>((resolve, reject) => {
      const compared = () => unpackFindings(answerComparison({ id: 1, runs: packRuns([run]) }).findings)
      const go = (failure?: Error) => (failure ? reject(failure) : resolve(compared()[0] ?? []))
      this.runs.push({ run, go })
    })
  }
}

const collect = (options: Partial<EvidenceCollectorOptions> = {}) => {
  const comparer = new HeldComparer()
  const clock = new TestClock()
  const collector = new EvidenceCollector({ comparer, baselineOutputs: () => [], clock, ...options })
  const admit = (id: string, plan = mirror(), source: PairSource = 'live', segment = '') =>
    collector.admit(plan, [{ requestId: id, segment }], source)
  const settled = (one: Pair, candidateRunMs: number | null = null) => ({
    ...{ pairs: [one], inputs: one.inputs, candidateRunMs },
  })
  const run = (
    id: string,
    candidate: bigint | PlatformError = 1n,
    plan = mirror(),
    source: PairSource = 'live',
  ) => admit(id, plan, source).settle(settled(pair(id, candidate)))
  const allCounted = () => waitFor('all runs to be counted', () => collector.openRuns === 0)
  const goAll = async () => {
    for (const { go } of comparer.runs.splice(0)) go()
    await allCounted()
  }
  return { comparer, clock, collector, admit, run, settledRun: settled, settled: allCounted, goAll }
}
const count = (gate: string, property: string, nPlus: number, nZero: number, nMinus = 0) => ({
  gate,
  property,
  segment: '',
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
        replayed: [],
      },
    ])
  })

  it('counts flips over a threshold both ways, of an output that does not decide too, and goes on with them', async () => {
    const { collector, run, goAll } = collect()
    const compare = { label: { compare: { kind: 'threshold', at: 1 } as const, gate: false } }
    const crossing = mirror('s1', 'shadow', { compare })
    run('a', 1n, crossing)
    run('b', 0n, crossing)
    await goAll()
    const both = [count('disagreement', 'label', 1, 1), count('flips', 'label', 0, 1, 1)]
    expect(collector.snapshots()[0]?.counters).toEqual([count('errors', 'failed', 0, 2), ...both])
    collector.setPlannedSeries(new Set())
    collector.stored(collector.snapshots())
    collector.setPlannedSeries(new Set(['s1']))
    run('c', 0n, crossing)
    await goAll()
    expect(collector.snapshots()[0]?.counters).toContainEqual(count('flips', 'label', 0, 1, 2))
  })

  it('takes a crash that its input repeats, and the baseline survives, for a breach; one that does not come again for an error', async () => {
    const { collector, admit, settledRun, goAll } = collect()
    const error = new PlatformError('onnx.run_crashed', 'ended')
    const settle = (id: string, candidate: Pair['candidate']) =>
      admit(id).settle(settledRun({ ...pair(id, 1n), candidate }))
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
    const { comparer, collector, admit, run, settled } = collect()
    admit('shed').lose()
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

  it('counts segments apart, and slow runs of the candidate', async () => {
    const { collector, admit, settledRun, goAll } = collect()
    const plan = mirror('s1', 'shadow', { latency: { share: 1, overMs: 50 } })
    admit('a', plan, 'live', 'ch').settle(settledRun(pair('a', 1n), 51))
    admit('b', plan).settle(settledRun(pair('b', 1n), 50))
    admit('c', plan).settle(settledRun(pair('c', 1n), Number.POSITIVE_INFINITY))
    admit('d', plan).settle(settledRun(pair('d', 1n), null))
    await goAll()
    const counters = collector.snapshots()[0]?.counters
    expect(counters).toContainEqual({ ...count('errors', 'failed', 0, 1), segment: 'ch' })
    expect(counters).toContainEqual(count('errors', 'failed', 0, 3))
    expect(counters).toContainEqual(count('slowRuns', 'over', 2, 1))
  })

  it('counts a request once over all sources and steps', async () => {
    const { collector, run, goAll } = collect()
    run('a')
    run('a', 5n, mirror('s1', 'shadow'), 'replay')
    run('a', 5n, mirror('s1', 'bake'))
    await goAll()
    expect(collector.snapshots().map(({ source, admitted }) => [source, admitted])).toEqual([
      ['live', 1],
      ['replay', 0],
      ['live', 0],
    ])
  })

  it('tells of every minute how many live requests there were and how many were sampled, until it is stored', () => {
    const { collector, clock } = collect()
    const minuteMs = Math.floor(clock.now() / 60_000) * 60_000
    const row = { seriesId: 's1', minuteMs }
    collector.passed(mirror(), 3, true)
    collector.passed(mirror(), 2, false)
    const first = collector.minutes()
    expect(first).toEqual([{ ...row, requests: 5, sampled: 3, seq: 2 }])
    collector.passed(mirror(), 1, true)
    collector.stored([], first)
    expect(collector.minutes()).toEqual([{ ...row, requests: 6, sampled: 4, seq: 3 }])
    collector.stored([], collector.minutes())
    expect(collector.minutes()).toEqual([])
  })

  it('encrypts inputs of examples, each once, and gives none away without a key', async () => {
    const inputKey = deriveInputKey('the secret of an installation')
    const plan = mirror('s1', 'shadow', { storeInputs: true })
    const { collector, run, goAll } = collect({ inputKey })
    run('a', 5n, plan)
    await goAll()
    const [snapshot] = collector.snapshots()
    const [example] = snapshot?.examples ?? []
    expect(JSON.stringify(example?.body)).not.toContain('42')
    expect(JSON.stringify(example?.body)).toMatch(/"inputHash":"[0-9a-f]{64}"/)
    const opened = unsealBytes(inputKey, example?.inputs ?? new Uint8Array(), exampleSubject('s1', 'a'))
    expect(JSON.parse(opened?.toString() ?? '')).toMatchObject({ x: { values: ['42'] } })
    expect(collector.snapshots()[0]?.examples[0]?.inputs).toBe(example?.inputs)
    const keyless = collect()
    keyless.run('a', 5n, plan)
    await keyless.goAll()
    const [open] = keyless.collector.snapshots()
    expect(open?.examples[0]?.inputs).toBeUndefined()
    expect(JSON.stringify(open)).not.toContain('"42"')
  })

  it('names replayed requests that are counted, in order, until they are stored', async () => {
    const { comparer, collector, run, settled } = collect()
    for (const id of ['a', 'b', 'c']) run(id, 1n, mirror(), 'replay')
    comparer.runs[1]?.go()
    await waitFor('b to be compared', () => collector.openRuns === 2)
    expect(collector.snapshots()).toEqual([])
    expect(collector.replays('s1')).toEqual(['a', 'b', 'c'])
    comparer.runs[0]?.go()
    await waitFor('a to be counted', () => collector.openRuns === 1)
    const snapshots = collector.snapshots()
    expect(snapshots[0]).toMatchObject({ admitted: 2, replayed: ['a', 'b'] })
    comparer.runs[2]?.go()
    await settled()
    collector.stored(snapshots)
    expect(collector.snapshots()[0]).toMatchObject({ admitted: 3, replayed: ['c'] })
    expect(collector.replays('s1')).toEqual(['c'])
  })

  it('goes back to what is stored when a flush is refused, and counts on from there', async () => {
    const { collector, run, goAll } = collect()
    run('a', 1n, mirror(), 'replay')
    await goAll()
    collector.stored(collector.snapshots())
    run('b', 5n, mirror(), 'replay')
    await goAll()
    collector.refused(collector.snapshots())
    expect(collector.snapshots()).toEqual([])
    expect(collector.replays('s1')).toEqual([])
    run('c', 1n, mirror(), 'replay')
    await goAll()
    expect(collector.snapshots()[0]).toMatchObject({
      ...{ admitted: 2, replayed: ['c'], seq: 2 },
      counters: [count('errors', 'failed', 0, 2), count('disagreement', 'label', 0, 2)],
    })
  })
})
