import { defaultModelConfig } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { type ComparableVersion, planComparison } from './plan-comparison.ts'

const MIB = 1024 * 1024
const { runtime } = defaultModelConfig()
const versionOf = (
  weightsMib: number,
  changes: { mappable?: boolean; batchable?: boolean } = {},
): ComparableVersion => ({
  planned: {
    batchable: changes.batchable ?? true,
    runtime,
    files: [],
    measured: { loadMs: 1, memoryBytes: 100 * MIB },
  },
  ingested: {
    path: `/${weightsMib}.onnx`,
    weightsBytes: weightsMib * MIB,
    mappable: changes.mappable ?? weightsMib >= 4,
  },
})

describe('planComparison', () => {
  it('holds both in the form in which they would answer clients, both in the same', () => {
    const form = (one: ComparableVersion, other: ComparableVersion) =>
      planComparison(one, other, 10_000 * MIB).form
    expect(form(versionOf(1), versionOf(1))).toBe('prepacked')
    expect(form(versionOf(100), versionOf(100))).toBe('prepacked')
    expect(form(versionOf(100, { batchable: false }), versionOf(100, { batchable: false }))).toBe('mapped')
    expect(form(versionOf(100, { batchable: false }), versionOf(1))).toBe('prepacked')
  })

  it('maps the weights where copies would need more memory than there may be', () => {
    const plan = planComparison(versionOf(100), versionOf(100), 200 * MIB)
    expect(plan.form).toBe('mapped')
    expect(plan.memoryBytes).toBe(2 * plan.baseline.reservedBytes + plan.candidate.reservedBytes)
    expect(plan.memoryBytes).toBeLessThan(200 * MIB)
  })

  it('says how much is missing where neither fits, and what to do', () => {
    const version = versionOf(100, { mappable: false })
    expect(() => planComparison(version, version, 200 * MIB)).toThrow(
      /needs 48\d MiB, and may take 200 MiB\. Give the node more memory/,
    )
  })
})
