import { randomUUID } from 'node:crypto'
import { OnnxBuilder } from '@understudy/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { faultyModel, MARK } from '../support/faulty-models.ts'
import { COLUMNS, ROWS, scaledModel, WEIGHTS } from '../support/models.ts'
import type { PlatformAccess } from '../support/platform-access.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'
import { sharedPlatform } from '../support/shared-platform.ts'

/** One request in twelve is of a kind that the live version answers wrongly. */
const ODD_ONE_IN = 12

let platform: PlatformAccess
let clone: Clone

beforeAll(async () => {
  platform = await sharedPlatform()
  clone = await platform.clone()
})

/** Sends one prediction and reports what was true afterwards; both are the application's business. */
async function predictAndReport(model: string, at: number): Promise<void> {
  const requestId = randomUUID()
  const row = [...(ROWS[at % ROWS.length] ?? [])]
  if (at % ODD_ONE_IN === 0) row[0] = MARK
  const headers = { 'understudy-request-id': requestId }
  const { status } = await platform.predict(model, { instances: [row] }, { headers })
  expect(status).toBe(200)
  const response = await fetch(`${platform.restUrl}/v1/outcomes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, requestId, label: truth(row) }),
  })
  expect(response.status).toBe(200)
}

/** What a row really is: the class that the plain weights prefer. */
function truth(row: readonly number[]): number {
  const scores = [0, 1, 2].map((column) =>
    row.reduce((sum, value, index) => sum + value * (WEIGHTS[index * 3 + column] ?? 0), 0),
  )
  return scores.indexOf(Math.max(...scores))
}

async function traffic(model: string, holds: () => Promise<boolean>): Promise<void> {
  for (let at = 0; !(await holds()); at += 20) {
    if (at > 20_000) throw new Error('the rollout does not end')
    await Promise.all(Array.from({ length: 20 }, (_, index) => predictAndReport(model, at + index)))
  }
}

async function ended(model: string): Promise<boolean> {
  const { rollout } = await platform.status(model)
  return rollout?.version === 2 && ['succeeded', 'failed'].includes(rollout.state)
}

describe('a better model that disagrees on 8 % of requests', () => {
  it('fails on its budget where nobody reports what was true', async () => {
    const model = 'unjudged'
    const config = rolloutPolicy({ gates: { disagreement: { budget: 0.02 } } })
    await clone.pushVersion({ model, number: 1, bytes: faultyModel('flips', 1), config })
    await platform.untilLive(model, 1)
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await traffic(model, () => ended(model))
    expect((await platform.status(model)).rollout).toMatchObject({ state: 'failed', reason: 'disagreement' })
  })

  it('wins on outcomes where quality decides, and its disagreement is only shown', async () => {
    const model = 'judged-by-outcomes'
    const quality = { output: 'y', margin: 0.05, optional: false }
    const config = rolloutPolicy({ gates: { disagreement: { budget: 0.02 }, quality } })
    await clone.pushVersion({ model, number: 1, bytes: faultyModel('flips', 1), config })
    await platform.untilLive(model, 1)
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await traffic(model, () => ended(model))
    const { live, rollout } = await platform.status(model)
    expect({ live, ...rollout }).toMatchObject({ live: 2, state: 'succeeded', verdict: 'pass' })
    const { analysis } = await platform.control.evidence.query({ model, version: 2 })
    const gate = (name: string) => analysis.gates.find((one) => one.gate === name)
    expect(gate('quality')).toMatchObject({ decides: true, verdict: 'pass' })
    expect(gate('quality')?.nMinus).toBeGreaterThan(gate('quality')?.nPlus ?? Number.NaN)
    expect(gate('disagreement')).toMatchObject({ decides: false })
    expect(gate('disagreement')?.nPlus).toBeGreaterThan(0)
  })
})

describe('other bytes of the same function', () => {
  it('pass, and by their comparators they never disagree', async () => {
    const model = 'twin'
    await clone.pushVersion({
      ...{ model, number: 1, bytes: scaledModel(1) },
      config: rolloutPolicy({ shadow: { minPairs: 200 } }),
    })
    await platform.untilLive(model, 1)
    await clone.pushVersion({ model, number: 2, bytes: twinModel() })
    await traffic(model, () => ended(model))
    expect((await platform.status(model)).live).toBe(2)
    const { analysis } = await platform.control.evidence.query({ model, version: 2 })
    const disagreement = analysis.gates.find(({ gate }) => gate === 'disagreement')
    expect(disagreement).toMatchObject({ nPlus: 0, verdict: 'pass' })
    expect(disagreement?.nZero).toBeGreaterThanOrEqual(200)
  })
})

/** {@link scaledModel} of 1 with one more node that changes nothing. */
function twinModel(): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', COLUMNS])
    .output('y', 'float32', ['N', 3])
    .initializer('W', { dtype: 'float32', shape: [COLUMNS, 3], data: Float32Array.from(WEIGHTS) })
    .node('MatMul', [['x', 'W'], ['plain']])
    .node('Identity', [['plain'], ['y']])
    .build()
}
