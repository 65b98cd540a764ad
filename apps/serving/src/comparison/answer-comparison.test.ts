import type { NamedTensors, Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { answerComparison } from './answer-comparison.ts'
import type { ComparisonOrder, ComparisonTask } from './comparison-run.ts'
import { unpackFindings } from './packed-findings.ts'
import { packRuns } from './packed-runs.ts'

const floats = (...values: readonly number[]): Tensor => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})
const y = (...values: readonly number[]): NamedTensors => new Map([['y', floats(...values)]])
const order = (changes: Partial<ComparisonOrder> = {}): ComparisonOrder => ({
  compare: { y: { compare: { kind: 'equal' }, gate: true } },
  ...{ outputs: [], keepAnswers: false, storeInputs: false, ...changes },
})
const taskOf = (requestId: string, baseline: NamedTensors, candidate: NamedTensors): ComparisonTask => ({
  unitRow: 1,
  pair: {
    ...{ requestId, rows: 2, inputs: new Map([['x', floats(5, 6)]]) },
    ...{ baseline: { outputs: baseline }, candidate: { outputs: candidate } },
  },
})
const answered = (plan: ComparisonOrder, ...tasks: readonly ComparisonTask[]) => {
  const { findings, failure } = answerComparison({
    id: 7,
    runs: packRuns([
      { plan, tasks },
      { plan, tasks: [] },
    ]),
  })
  const [first = [], second] = unpackFindings(findings)
  expect(second).toEqual([])
  return { findings: first, failure }
}

describe('answerComparison', () => {
  it('tells of each pair what counts, what is shown, and by which hash its input is known', () => {
    const { findings } = answered(
      order(),
      taskOf('same', y(1, 2), y(1, 2)),
      taskOf('other', y(1, 2), y(3, 9)),
    )
    const [same, other] = findings.map(({ comparison }) => comparison)
    expect(same).toMatchObject({
      ...{
        requestId: 'same',
        rows: 2,
        baselineFailed: false,
        candidateFailed: false,
        breach: null,
        shownRow: 1,
      },
      outputs: [{ output: 'y', gate: true, rowsDiffering: 0, unitAgrees: true, magnitude: 0 }],
    })
    expect(other?.outputs).toMatchObject([{ rowsDiffering: 2, unitAgrees: false }])
    expect(other?.candidate).toMatchObject({ outputs: [{ output: 'y', values: [expect.any(Number)] }] })
    expect(other?.inputHash).toMatch(/^[0-9a-f]{64}$/)
    expect(other?.inputHash).toBe(same?.inputHash)
    expect(other?.inputs).toBeUndefined()
  })

  it('carries over which way the drawn row went over a threshold', () => {
    const compare = { y: { compare: { kind: 'threshold', at: 2 } as const, gate: false } }
    const { findings } = answered(
      order({ compare }),
      taskOf('up', y(0, 1), y(9, 2)),
      taskOf('down', y(9, 2), y(0, 1)),
      taskOf('neither', y(0, 1), y(9, Number.NaN)),
    )
    expect(findings.map(({ comparison }) => comparison.outputs)).toMatchObject([
      [{ flip: 1, unitAgrees: false, magnitude: 9 }],
      [{ flip: -1, unitAgrees: false, magnitude: 9 }],
      [{ flip: 0, unitAgrees: false }],
    ])
    const [plain] = answered(order(), taskOf('a', y(0, 1), y(9, 2))).findings
    expect(plain?.comparison.outputs).toMatchObject([{ flip: null, unitAgrees: false }])
  })

  it('carries a failure and a breach over', () => {
    const failed: ComparisonTask = {
      unitRow: 0,
      pair: {
        ...{ requestId: 'f', rows: 1, inputs: new Map(), baseline: { outputs: y(1) } },
        candidate: { errorCode: 'onnx.run_crashed', confirmed: true },
      },
    }
    const [finding] = answered(order(), failed).findings
    expect(finding?.comparison).toMatchObject({
      ...{ baselineFailed: false, candidateFailed: true, breach: { kind: 'crash' }, outputs: [] },
      candidate: { errorCode: 'onnx.run_crashed' },
    })
  })

  it('gives inputs of the shown row only where the policy stores them', () => {
    const [finding] = answered(order({ storeInputs: true }), taskOf('a', y(1, 2), y(1, 2))).findings
    expect(JSON.parse(finding?.comparison.inputs ?? '')).toMatchObject({ x: { values: [6] } })
  })

  it('gives both answers of the row that counts where they are kept, and nothing of one that is too large', () => {
    const keep = order({ keepAnswers: true })
    const [finding] = answered(keep, taskOf('a', y(1, 2), y(1, 3))).findings
    expect(finding?.answers).toMatchObject({ row: 1 })
    expect(JSON.parse(finding?.answers?.baseline ?? '')).toMatchObject({ y: { values: [2] } })
    expect(JSON.parse(finding?.answers?.candidate ?? '')).toMatchObject({ y: { values: [3] } })
    const large = new Map([['y', { ...floats(...new Array(8_000).fill(0)), shape: [2, 4_000] }]])
    const [half] = answered(keep, taskOf('a', large, y(1, 3))).findings
    expect(half?.answers).toMatchObject({ baseline: null, candidate: expect.any(String) })
  })

  it('loses one pair that cannot be compared, not its run, and says why', () => {
    const broken = { compare: { y: { compare: { kind: 'nothing' }, gate: true } } }
    const plan = { ...order(), ...broken } as unknown as ComparisonOrder
    const good: ComparisonTask = { ...taskOf('good', y(1, 2), new Map()) }
    const failing = taskOf('broken', y(1, 2), y(1, 2))
    const without = { ...good, pair: { ...good.pair, candidate: { errorCode: 'onnx.run_failed' as const } } }
    const { findings, failure } = answered(plan, failing, without)
    expect(failure).toEqual(expect.any(String))
    expect(findings.map(({ comparison }) => comparison.requestId)).toEqual(['good'])
  })
})
