import { defaultModelConfig, parseModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { storedConfig } from './stored-config.ts'

const stored = (text: string): unknown => JSON.parse(JSON.stringify(parseModelConfig(text)))

describe('a stored configuration', () => {
  it('of this release is read back as it is', () => {
    const text = `
outputs: {y: {compare: {kind: topK, k: 3}, labels: [a, b]}}
rollout:
  gates: {latency: {overMs: 50}, quality: {output: y, optional: false}}
  canary: [5, 25]
  bake: 10m
  freeze: [{cron: "0 18 * * 5", duration: 60h}]
privacy: {capture: {maxAge: 1h}}
`
    expect(storedConfig(stored(text))).toEqual(parseModelConfig(text))
  })

  it('of an earlier release has the defaults of keys that did not exist then, and keeps what it says', () => {
    const earlier = {
      apiVersion: 'understudy/v1',
      kind: 'Model',
      description: 'old',
      owners: [],
      runtime: {
        intraOpThreads: 2,
        batching: { maxBatchSize: 8, maxDelayMs: 0 },
        timeoutMs: 1,
        runTimeoutMs: 2,
        maxQueue: 3,
      },
      outputs: { y: { gate: true } },
      rollout: {
        trigger: 'manual',
        strategy: 'shadow',
        shadow: { sample: 0.5, minPairs: 7, minDuration: 60_000, maxDuration: 3_600_000 },
        gates: { errors: { margin: 0.02 }, disagreement: { budget: 0.1 } },
        approval: { required: 0 },
      },
    }
    const defaults = defaultModelConfig()
    expect(storedConfig(earlier)).toEqual({
      ...earlier,
      runtime: { ...earlier.runtime, resident: true },
      signatures: {},
      privacy: defaults.privacy,
      rollout: {
        ...defaults.rollout,
        ...earlier.rollout,
        shadow: { ...earlier.rollout.shadow, require: ['live'] },
        approval: { ...defaults.rollout.approval, required: 0 },
      },
    })
  })

  it('keeps an output that is named like a key of objects', () => {
    const text = 'outputs: {"constructor": {gate: true}}'
    expect(storedConfig(stored(text)).outputs).toEqual(parseModelConfig(text).outputs)
  })
})
