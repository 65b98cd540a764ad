import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { type ComparablePair, type ComparisonPlan, comparePair } from './compare-pair.ts'
import { NO_MEASURE } from './row-comparator.ts'

const PLAN: ComparisonPlan = {
  compare: {
    label: { compare: { kind: 'equal' }, gate: true },
    probabilities: { compare: { kind: 'argmax' }, gate: true },
    score: { compare: { kind: 'tolerance', atol: 0, rtol: 0 }, gate: false },
  },
  outputs: [
    { name: 'label', dtype: 'string', shape: ['N'] },
    { name: 'probabilities', dtype: 'float32', shape: ['N', 2] },
    { name: 'score', dtype: 'float32', shape: ['N', 'K'] },
  ],
}

function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) }
}

function labels(...data: string[]): Tensor {
  return { dtype: 'string', shape: [data.length], data }
}

const INPUTS: NamedTensors = new Map([['x', floats([2, 1], 1, 2)]])

function outputs(changes: Record<string, Tensor> = {}): NamedTensors {
  return new Map(
    Object.entries({
      label: labels('a', 'b'),
      probabilities: floats([2, 2], 1, 0, 0, 1),
      score: floats([2, 1], 1, 2),
      ...changes,
    }),
  )
}

function pair(changes: Partial<ComparablePair> = {}): ComparablePair {
  const answer = { outputs: outputs() }
  return { requestId: 'r1', rows: 2, inputs: INPUTS, baseline: answer, candidate: answer, ...changes }
}

function candidate(changes: Record<string, Tensor>): ComparablePair {
  return pair({ candidate: { outputs: outputs(changes) } })
}

describe('comparePair', () => {
  it('finds nothing between equal answers', () => {
    const result = comparePair(pair(), PLAN, 1)
    expect(result).toMatchObject({ baselineFailed: false, candidateFailed: false, breach: null, shownRow: 1 })
    expect(result.outputs).toEqual(
      ['label', 'probabilities', 'score'].map((output) => ({
        output,
        gate: output !== 'score',
        rowsDiffering: 0,
        unitAgrees: true,
        flip: null,
        magnitude: 0,
      })),
    )
  })

  it('compares all rows, but only the drawn one counts', () => {
    const differing = candidate({ label: labels('a', 'c') })
    expect(comparePair(differing, PLAN, 0).outputs[0]).toMatchObject({ rowsDiffering: 1, unitAgrees: true })
    expect(comparePair(differing, PLAN, 1).outputs[0]).toMatchObject({ rowsDiffering: 1, unitAgrees: false })
  })

  it('shows the row that differs most, deciding outputs first', () => {
    const both = candidate({ score: floats([2, 1], 99, 2), probabilities: floats([2, 2], 1, 0, 1, 0) })
    const result = comparePair(both, PLAN, 0)
    expect(result.shownRow).toBe(1)
    expect(result.candidate).toMatchObject({
      outputs: [{ values: ['b'] }, { values: [1, 0] }, { values: [2] }],
    })
    expect(comparePair(candidate({ score: floats([2, 1], 99, 2) }), PLAN, 1).shownRow).toBe(0)
  })

  it.each(['baseline', 'candidate'] as const)('compares no output where the %s failed', (side) => {
    const result = comparePair(pair({ [side]: { errorCode: 'serving.run_timeout' } }), PLAN, 0)
    expect(result.outputs).toEqual([])
    expect(result.breach).toBeNull()
    expect(result.candidateFailed).toBe(side === 'candidate')
    expect(result.baselineFailed).toBe(side === 'baseline')
    expect(result[side]).toEqual({ errorCode: 'serving.run_timeout' })
  })

  it('counts every row as different where an output cannot be laid beside the other', () => {
    const longer = candidate({ score: floats([2, 2], 1, 1, 2, 2) })
    const result = comparePair(longer, PLAN, 0)
    expect(result.breach).toBeNull()
    expect(result.outputs[2]).toMatchObject({ rowsDiffering: 2, unitAgrees: false, magnitude: NO_MEASURE })
  })

  it('says of the drawn row alone which way it went over a threshold, of an output that decides or not', () => {
    const way = (unitRow: number, gate: boolean, score: Tensor) => {
      const compare = { score: { compare: { kind: 'threshold', at: 1.5 } as const, gate } }
      return comparePair(candidate({ score }), { ...PLAN, compare }, unitRow).outputs[0]
    }
    for (const gate of [true, false]) {
      expect(way(0, gate, floats([2, 1], 9, 0))).toMatchObject({ gate, unitAgrees: false, flip: 1 })
      expect(way(1, gate, floats([2, 1], 9, 0))).toMatchObject({ gate, unitAgrees: false, flip: -1 })
      expect(way(0, gate, floats([2, 1], 1, 0))).toMatchObject({ gate, unitAgrees: true, flip: 0 })
      expect(way(0, gate, floats([2, 1], Number.NaN, 2))).toMatchObject({ unitAgrees: false, flip: 0 })
      expect(way(0, gate, floats([2, 2], 9, 9, 9, 9))).toMatchObject({ unitAgrees: false, flip: 0 })
    }
  })

  it('leaves out outputs that the plan does not compare, also one named like a property of every object', () => {
    const strange = { outputs: new Map([['constructor', labels('a', 'b')]]) }
    expect(comparePair(pair({ baseline: strange, candidate: strange }), PLAN, 0).outputs).toEqual([])
  })

  it('compares as a whole what has no batch axis', () => {
    const whole: ComparisonPlan = {
      compare: { label: { compare: { kind: 'equal' }, gate: true } },
      outputs: [],
    }
    const answer = (text: string) => ({ outputs: new Map([['label', labels('a', 'b', text)]]) })
    const result = comparePair(pair({ rows: 1, baseline: answer('c'), candidate: answer('d') }), whole, 0)
    expect(result.outputs[0]).toMatchObject({ rowsDiffering: 1, unitAgrees: false })
    expect(result.candidate).toMatchObject({ outputs: [{ shape: [3], values: ['a', 'b', 'd'] }] })
  })

  it('keeps of an answer only what is short and what JSON can hold', () => {
    const answer: NamedTensors = new Map<string, Tensor>([
      ['ids', { dtype: 'int64', shape: [1, 1], data: BigInt64Array.of(2n ** 60n) }],
      ['half', { dtype: 'float16', shape: [1, 1], data: Uint16Array.of(0x3c00) }],
      [
        'wide',
        floats([1, 40], ...Array.from({ length: 40 }, (_, index) => (index === 0 ? Number.NaN : index))),
      ],
      ['text', labels('x'.repeat(1_000))],
    ])
    const side = { outputs: answer }
    const { candidate: summary } = comparePair(pair({ rows: 1, baseline: side, candidate: side }), PLAN, 0)
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary)
    const values = 'outputs' in summary ? summary.outputs.map((output) => output.values) : []
    expect(values[0]).toEqual([String(2n ** 60n)])
    expect(values[1]).toEqual([1])
    expect(values[2]).toHaveLength(32)
    expect(values[2]?.[0]).toBe('NaN')
    expect(values[3]).toEqual(['x'.repeat(120)])
    const many = { outputs: new Map(Array.from({ length: 99 }, (_, index) => [`y${index}`, labels('a')])) }
    expect(comparePair(pair({ rows: 1, baseline: many, candidate: many }), PLAN, 0).baseline).toMatchObject({
      outputs: { length: 16 },
    })
  })

  it('goes through a message to a worker and back unchanged', () => {
    const sent = structuredClone(candidate({ label: labels('a', 'c') }))
    const result = comparePair(sent, structuredClone(PLAN), 1)
    expect(result).toEqual(comparePair(candidate({ label: labels('a', 'c') }), PLAN, 1))
    expect(structuredClone(result)).toEqual(result)
  })

  it('compares a million floats without holding up a worker', () => {
    const data = Float32Array.from({ length: 1_000_000 }, (_, index) => Math.sin(index))
    const tensor: Tensor = { dtype: 'float32', shape: [1_000, 1_000], data }
    const plan: ComparisonPlan = {
      compare: {
        near: { compare: { kind: 'tolerance', atol: 1e-5, rtol: 1e-3 }, gate: true },
        best: { compare: { kind: 'argmax' }, gate: true },
        same: { compare: { kind: 'equal' }, gate: true },
      },
      outputs: [],
    }
    const big = (name: string) => {
      const side = { outputs: new Map([[name, tensor]]) }
      const wide = pair({ rows: 1_000, baseline: side, candidate: side })
      const tookMs = Array.from({ length: 4 }, () => {
        const started = performance.now()
        expect(comparePair(wide, plan, 0).outputs).toMatchObject([{ rowsDiffering: 0 }])
        return performance.now() - started
      })
      return Math.min(...tookMs)
    }
    // A few milliseconds on an idle machine; the bound allows for a busy one.
    for (const name of Object.keys(plan.compare)) expect(big(name)).toBeLessThan(400)
  })
})
