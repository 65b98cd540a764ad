import { type OutputComparison, parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { LATENCY_EDGES_MS } from '../evidence/latency-edges.ts'
import { type AnalysisPlan, allSources, decides, planAnalysis } from './analysis-plan.ts'

const COMPARISONS: Readonly<Record<string, OutputComparison>> = {
  label: { compare: { kind: 'equal' }, gate: true },
  score: { compare: { kind: 'tolerance', atol: 0, rtol: 0 }, gate: false },
}

function planOf(rollout: string): AnalysisPlan {
  return planAnalysis(parseModelConfig(`rollout: {${rollout}}`).rollout, COMPARISONS, 1)
}

/** Gates of a plan: those that decide, then those that are shown in brackets. */
function gatesOf(rollout: string): readonly string[] {
  return planOf(rollout).gates.map((gate) => (decides(gate) ? gate.gate : `(${gate.gate})`))
}

describe('planAnalysis', () => {
  it.each<[rollout: string, gates: readonly string[]]>([
    ['', ['errors', '(disagreement)']],
    ['gates: {disagreement: {budget: 0.05}}', ['errors', 'disagreement']],
    ['gates: {latency: {}}', ['errors', 'latency', '(disagreement)']],
    ['gates: {latency: {overMs: 50}}', ['errors', 'latency', 'slowRuns', '(disagreement)']],
    ['gates: {quality: {output: label}}', ['errors', '(disagreement)', '(quality)']],
    [
      'gates: {quality: {output: label}, disagreement: {budget: 0.05}}',
      ['errors', 'disagreement', '(quality)'],
    ],
    [
      'gates: {quality: {output: label, optional: false}, disagreement: {budget: 0.05}}',
      ['errors', '(disagreement)', 'quality'],
    ],
  ])('asks under {%s} %j', (rollout, gates) => {
    expect(gatesOf(rollout)).toEqual(gates)
  })

  it('gives every gate its margin and its properties', () => {
    const plan = planOf(
      'gates: {errors: {margin: 0.02}, latency: {margin: 0.03, overMs: 9, overMargin: 0.002}, quality: {output: label, margin: 0.04}}',
    )
    expect(plan.gates.map(({ gate, margin, properties }) => [gate, margin, properties.length])).toEqual([
      ['errors', 0.02, 1],
      ['latency', 0.03, LATENCY_EDGES_MS.length],
      ['slowRuns', 0.002, 1],
      ['disagreement', null, 2],
      ['quality', 0.04, 1],
    ])
  })

  it.each<[rollout: string, steps: readonly string[]]>([
    ['', ['shadow']],
    ['canary: [0.5, 25]', ['shadow', 'canary-0.5', 'canary-25']],
    ['bake: 10m', ['shadow', 'bake']],
    ['canary: [5], bake: 10m', ['shadow', 'canary-5', 'bake']],
  ])('collects under {%s} in %j', (rollout, steps) => {
    expect(planOf(rollout).steps).toEqual(steps)
  })

  it.each<[rollout: string, sources: readonly string[], watched: readonly string[]]>([
    ['', ['live'], []],
    ['shadow: {require: [replay]}', ['replay'], []],
    ['shadow: {require: [replay, live]}', ['live', 'replay'], []],
    ['shadow: {require: [replay]}, canary: [5]', ['replay'], ['live']],
    ['shadow: {require: [replay]}, bake: 1m', ['replay'], ['live']],
    ['bake: 1m', ['live'], []],
  ])('requires under {%s} %j, and can also fail in %j', (rollout, sources, watched) => {
    const plan = planOf(rollout)
    expect(plan).toMatchObject({ sources, watched })
    expect(allSources(plan)).toEqual([...sources, ...watched])
  })
})
