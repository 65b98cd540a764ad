import type { NamedTensors } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RunResult } from '../servable.ts'
import { codeOf, PERMANENT } from '../test-support/errors.ts'
import { FakeModel, rowsOfX } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { Gate } from '../test-support/gate.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

const V1 = modelPlan('m', 1)
const TRY2 = modelPlan('m', 2, { versions: [1, 2], labels: { live: 1 }, mirror: mirrorPlan() })
const V2 = modelPlan('m', 3, { versions: [1, 2], labels: { live: 2, previous: 1 } })
const onDemand = (generation: number, versions: readonly number[] = [1]) =>
  modelPlan('m', generation, { versions, labels: { live: 1 }, resident: false })

let clock: TestClock

beforeEach(() => {
  clock = new TestClock()
})

async function started(options: Omit<Parameters<typeof nodeRig>[0], 'clock'>) {
  const rig = nodeRig({ clock, ...options })
  rig.core.start()
  await flush()
  return rig
}

describe('roles', () => {
  it('are told at the load, and again whenever they change', async () => {
    const rig = await started({ plan: servingPlan(V1) })
    await rig.replan(servingPlan(TRY2))
    expect(rig.seen.contexts.map(({ id, role }) => `${id.version} ${role}`)).toEqual(['1 live', '2 rollout'])
    await rig.replan(servingPlan(V2))
    expect([rig.models.get('m@1')?.roles, rig.models.get('m@2')?.roles]).toEqual([['idle'], ['live']])
  })

  it('the old version stays live until the label has moved here', async () => {
    const rig = await started({ plan: servingPlan(V1) })
    const gate = new Gate()
    rig.loadGates.set(2, gate)
    await rig.replan(servingPlan(V2))
    expect(rig.models.get('m@1')?.roles).toEqual([])
    gate.open()
    await flush()
    expect(rig.models.get('m@1')?.roles).toEqual(['idle'])
  })

  it('do not change for a version that is on its way out: nothing is prepared for it', async () => {
    const rig = await started({ plan: servingPlan(TRY2) })
    const [live, candidate] = [rig.models.get('m@1'), rig.models.get('m@2')]
    await rig.replan(servingPlan(modelPlan('m', 3, { versions: [3], labels: { live: 3 } })))
    expect([live?.roles, candidate?.roles]).toEqual([[], []])
  })

  it('reach a version that was loading when they changed', async () => {
    const rig = await started({ plan: servingPlan(V1) })
    const gate = new Gate()
    rig.loadGates.set(2, gate)
    await rig.replan(servingPlan(TRY2))
    await rig.replan(servingPlan(V2))
    gate.open()
    await flush()
    expect(rig.models.get('m@2')?.roles).toEqual(['live'])
  })
})

it('a version knows that it is live before it runs the first request of the label', async () => {
  const rolesAtRun: (string | undefined)[] = []
  class Watching extends FakeModel {
    override run(inputs: NamedTensors): Promise<RunResult> {
      rolesAtRun.push(this.roles.at(-1))
      return super.run(inputs)
    }
  }
  const createModel = ({ version }: { readonly version: number }) =>
    version === 2 ? new Watching({ offset: 200 }) : new FakeModel({ offset: 100 })
  const rig = await started({ plan: servingPlan(V1), createModel })
  await rig.replan(servingPlan({ ...TRY2, mirror: mirrorPlan({ sample: 0 }) }))
  const answers: Promise<number | undefined>[] = []
  const moving = rig.replan(servingPlan(V2))
  while (rig.core.observedGeneration('m') !== V2.generation) {
    answers.push(rig.value('m'))
    await new Promise((resolve) => setImmediate(resolve))
  }
  answers.push(rig.value('m'))
  await moving
  expect((await Promise.all(answers)).at(-1)).toBe(202)
  expect(rolesAtRun.length).toBeGreaterThan(0)
  expect(rolesAtRun.every((role) => role === 'live')).toBe(true)
})

describe('a version on demand', () => {
  it('is available and ready without being loaded, and answers the first request', async () => {
    const rig = await started({ plan: servingPlan(onDemand(1)) })
    expect([rig.core.isReady(), rig.models.size]).toEqual([true, 0])
    expect(rig.core.predictor.describe('m', { kind: 'live' }).servedBy.version).toBe(1)
    expect(await rig.value('m')).toBe(102)
    expect([rig.models.size, rig.seen.contexts[0]?.awaited]).toEqual([1, true])
  })

  it('is loaded once as a proof when it comes beside another, and is not available before', async () => {
    const rig = await started({ plan: servingPlan(onDemand(1)) })
    rig.loadErrors.set(2, PERMANENT)
    await rig.replan(servingPlan(onDemand(2, [1, 2])))
    expect(rig.core.predictor.versions('m')).toMatchObject([
      { version: 2, state: 'error', error: PERMANENT },
      { version: 1, state: 'available' },
    ])
  })

  it('says in its status why it could not be loaded, until it could', async () => {
    const rig = await started({ plan: servingPlan(onDemand(1)) })
    rig.loadErrors.set(1, PERMANENT)
    expect(await codeOf(() => rig.ask('m'))).toBe(PERMANENT.code)
    expect(rig.core.servableStatuses()).toMatchObject([{ state: 'available', error: PERMANENT }])
    rig.loadErrors.delete(1)
    await clock.advance(60_000)
    expect(await rig.value('m')).toBe(102)
    expect(rig.core.servableStatuses()[0]?.error).toBeUndefined()
  })

  it('lets more models be served than fit into memory', async () => {
    const names = Array.from({ length: 20 }, (_none, index) => `m${index}`)
    const models = names.map((name) => modelPlan(name, 1, { resident: false }))
    const rig = await started({ plan: servingPlan(...models), memoryLimitBytes: 3 })
    for (const name of [...names, ...names.reverse()]) expect(await rig.value(name)).toBe(102)
    await flush()
    expect(rig.models.size).toBe(3)
  })
})

it('offers what clients sent to the next version for its warm-up', async () => {
  const rig = await started({ plan: servingPlan(V1) })
  await rig.ask('m', { inputs: rowsOfX([7, 8]) })
  await flush()
  await rig.replan(servingPlan(TRY2))
  expect(rig.seen.contexts.map(({ warmUpInputs }) => warmUpInputs)).toEqual([[], [rowsOfX([7, 8])]])
})

it('loads a number again whose bytes became others, without a gap', async () => {
  const rig = await started({ plan: servingPlan(modelPlan('m', 1, { digest: 'a' })) })
  const gate = new Gate()
  rig.loadGates.set(1, gate)
  await rig.replan(servingPlan(modelPlan('m', 1, { digest: 'b' })))
  expect([await rig.value('m'), rig.core.servableStatuses()[0]?.digest]).toEqual([102, 'a'])
  gate.open()
  await flush()
  expect((await rig.ask('m')).servedBy.digest).toBe('b')
  expect(rig.core.servableStatuses()).toMatchObject([{ digest: 'b', state: 'available' }])
})
