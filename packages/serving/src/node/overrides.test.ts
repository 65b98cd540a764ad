import { TestClock } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import type { PlanOverride, PlanOverrides } from '../plan/plan-overrides.ts'
import { overriddenPlan } from '../plan/plan-overrides.ts'
import { codeOf } from '../test-support/errors.ts'
import { flush } from '../test-support/flush.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

/** Overrides that a test begins. */
class HeldOverrides implements PlanOverrides {
  readonly #held = new Map<string, PlanOverride>()
  readonly #listeners = new Set<(model: string) => void>()

  begin(model: string, generation: number, override: PlanOverride): void {
    this.#held.set(`${model}@${generation}`, override)
    for (const listener of this.#listeners) listener(model)
  }

  of(model: string, generation: number): PlanOverride | undefined {
    return this.#held.get(`${model}@${generation}`)
  }

  onChange(listener: (model: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

const LIVE2 = modelPlan('m', 3, {
  ...{ versions: [1, 2, 3], labels: { live: 2, previous: 1, stable: 1 } },
  mirror: mirrorPlan({ baseline: 2, candidate: 3 }),
})
const BACK_TO_1 = { id: 'override-1', live: 1 }

async function started(options: Partial<Parameters<typeof nodeRig>[0]> = {}) {
  const overrides = new HeldOverrides()
  const rig = nodeRig({ clock: new TestClock(), plan: servingPlan(LIVE2), overrides, ...options })
  return { ...rig, overrides }
}

describe('an override of a node', () => {
  it('moves live at once, without a load, and says so in every answer of the version it made live', async () => {
    const rig = await started()
    rig.core.start()
    await flush()
    expect(await rig.value('m')).toBe(202)
    const { loaded } = rig.seen
    const loads = loaded.length
    rig.overrides.begin('m', 3, BACK_TO_1)
    const { servedBy } = await rig.ask('m')
    expect(servedBy).toMatchObject({ version: 1, variant: 'live', generation: 3, override: 'override-1' })
    expect((await rig.ask('m', { selector: { kind: 'number', number: 1 } })).servedBy).not.toHaveProperty(
      'override',
    )
    expect(loaded).toHaveLength(loads)
    expect(Object.fromEntries(rig.core.labelsOf('m') ?? [])).toEqual({ live: 1, stable: 1 })
    expect(await codeOf(() => rig.ask('m', { selector: { kind: 'label', label: 'previous' } }))).toBe(
      'serving.label_not_found',
    )
  })

  it('ends every comparison with what it took off', async () => {
    const rig = await started()
    rig.core.start()
    await flush()
    await rig.ask('m')
    await flush()
    const mirrored = rig.sink.runs.length
    expect(mirrored).toBeGreaterThan(0)
    rig.overrides.begin('m', 3, BACK_TO_1)
    await rig.ask('m')
    await flush()
    expect(rig.sink.runs).toHaveLength(mirrored)
  })

  it('stands while the plan stays where it was, whatever else of it changes', async () => {
    const rig = await started()
    rig.core.start()
    await flush()
    rig.overrides.begin('m', 3, BACK_TO_1)
    await rig.replan(servingPlan({ ...LIVE2, mirror: null }, modelPlan('other', 1)))
    expect(await rig.value('m')).toBe(102)
  })

  it('ends when the plan moves on: the plan wins', async () => {
    const rig = await started()
    rig.core.start()
    await flush()
    rig.overrides.begin('m', 3, BACK_TO_1)
    await rig.replan(servingPlan({ ...LIVE2, generation: 4, labels: { live: 3, previous: 2 } }))
    const { servedBy } = await rig.ask('m')
    expect(servedBy).toMatchObject({ version: 3, generation: 4 })
    expect(servedBy).not.toHaveProperty('override')
  })

  it('holds from the first answer of a node that starts again without its control plane', async () => {
    const overrides = new HeldOverrides()
    overrides.begin('m', 3, BACK_TO_1)
    const rig = nodeRig({ clock: new TestClock(), kept: servingPlan(LIVE2), overrides })
    rig.core.start()
    await flush()
    expect(rig.core.isReady()).toBe(true)
    expect((await rig.ask('m')).servedBy).toMatchObject({ version: 1, override: 'override-1' })
    expect(rig.seen.moved.every(({ to }) => to.get('live') === 1)).toBe(true)
  })

  it('changes nothing of a model that it does not name, or does not fit', async () => {
    const rig = await started()
    rig.core.start()
    await flush()
    rig.overrides.begin('other', 3, BACK_TO_1)
    rig.overrides.begin('m', 2, BACK_TO_1)
    rig.overrides.begin('m', 3, { id: 'x', live: 9 })
    expect(await rig.value('m')).toBe(202)
    expect(overriddenPlan(LIVE2, { id: 'x', live: 9 })).toBe(LIVE2)
  })
})
