import { describe, expect, it } from 'vitest'
import { outputComparisons } from './comparisons.ts'
import { parseModelConfig } from './parse.ts'
import { policyHash } from './policy-hash.ts'

const signature = { inputs: [], outputs: [{ name: 'y', dtype: 'float32', shape: ['N'] }] } as const

function hashOf(text: string): string {
  const config = parseModelConfig(text)
  return policyHash(config.rollout, outputComparisons(signature, config))
}

describe('policyHash', () => {
  it.each([
    'rollout: {strategy: immediate}',
    'rollout: {shadow: {sample: 0.5}}',
    'rollout: {shadow: {minPairs: 501}}',
    'rollout: {shadow: {minDuration: 1s}}',
    'rollout: {shadow: {maxDuration: 5h}}',
    'rollout: {gates: {errors: {margin: 0.02}}}',
    'rollout: {gates: {disagreement: {budget: 0.01}}}',
    'rollout: {shadow: {require: [live, replay]}}',
    'rollout: {gates: {latency: {}}}',
    'rollout: {gates: {quality: {output: y}}}',
    'rollout: {segments: {header: tenant}}',
    'rollout: {canary: [5]}',
    'rollout: {canaryMinPairs: 201}',
    'rollout: {canaryMinDuration: 6m}',
    'rollout: {bake: 10m}',
    'rollout: {approval: {required: 0}}',
    'outputs: {y: {gate: true}}',
    'outputs: {y: {compare: {kind: argmax}}}',
    'outputs: {y: {compare: {kind: tolerance, atol: 0.1}}}',
  ])('changes with %s', (text) => {
    expect(hashOf(text)).not.toBe(hashOf(''))
  })

  it.each([
    'description: Flowers\nowners: [ada]',
    'runtime: {maxQueue: 3, batching: {maxBatchSize: 2}}',
    'rollout: {trigger: manual}',
    'rollout: {decisionTimeout: 1d}',
    'privacy: {storeInputs: true}',
    'outputs: {other: {gate: true}}',
    'outputs: {y: {labels: [a, b]}}\nsignatures: {s: {method: regress, value: y}}',
    'rollout: {shadow: {minPairs: 500, sample: 1}}',
    'rollout: {shadow: {maxDuration: 360m}}',
    'outputs: {y: {compare: {kind: tolerance, rtol: 0.001, atol: 0.00001}, gate: false}}',
  ])('does not change with %s', (text) => {
    expect(hashOf(text)).toBe(hashOf(''))
  })
})
