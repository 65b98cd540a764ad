import type { ServingPlan } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../test-support/errors.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'
import { parsePlan } from './parse-plan.ts'

const PLAN: ServingPlan = servingPlan(
  modelPlan('iris', 3, { versions: [1, 2], labels: { live: 1, stable: 1 }, mirror: mirrorPlan() }),
  modelPlan('digits', 1, { versions: [], labels: {} }),
)

/** The plan with one place of its JSON replaced. */
function changed(from: string, to: string): string {
  const text = JSON.stringify(PLAN)
  expect(text).toContain(from)
  return text.replace(from, to)
}

describe('parsePlan', () => {
  it('reads back every plan that was written', () => {
    expect(parsePlan(JSON.stringify(PLAN))).toEqual(PLAN)
  })

  it('reads the plan of a release that knew no keys, signatures and labels of classes', () => {
    const text = JSON.stringify(PLAN)
      .replaceAll('"signatures":{},"classLabels":{},', '')
      .replace(',"keys":[]', '')
    expect(text).not.toMatch(/keys|signatures|classLabels/)
    expect(parsePlan(text)).toEqual(PLAN)
  })

  it.each([
    ['no JSON', '{"readAtMs":'],
    ['no object', '[]'],
    ['nothing', 'null'],
    ['a key too many', changed('"readAtMs"', '"extra":1,"readAtMs"')],
    ['a key too few', changed('"batchable":true,', '')],
    ['a number as text', changed('"generation":3', '"generation":"3"')],
    ['an unknown type of tensor', changed('"float32"', '"float31"')],
    ['an unknown comparison', changed('"tolerance"', '"guess"')],
    ['a hole in a list', changed('"versions":[{', '"versions":[null,{')],
    ['a label that points to no version', changed('"live":1', '"live":9')],
  ])('refuses %s', async (_what, text) => {
    expect(await codeOf(() => parsePlan(text))).toBe('serving.plan_invalid')
  })
})
