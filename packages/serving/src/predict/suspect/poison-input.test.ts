import { TestClock } from '@understudy/testing'
import { expect, it } from 'vitest'
import { CrashingModel } from '../../test-support/crashing-model.ts'
import { codeOf } from '../../test-support/errors.ts'
import { rowsOfX, valuesOfY } from '../../test-support/fake-model.ts'
import { flush } from '../../test-support/flush.ts'
import { nodeRig } from '../../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../../test-support/plans.ts'

const inputs = (value: number) => ({ inputs: rowsOfX([value, 0]) })

async function node(crashing: ReadonlyMap<number, CrashingModel>, plan = servingPlan(modelPlan('m', 1))) {
  const clock = new TestClock()
  const rig = nodeRig({
    clock,
    plan,
    createModel: ({ version }) => crashing.get(version) ?? new CrashingModel(),
  })
  rig.core.start()
  await flush()
  return rig
}

it('costs a node one answer of 64, no delay, and nothing when it comes again, not even after the version was loaded anew', async () => {
  const model = new CrashingModel(13)
  model.aloneHeld = true
  const rig = await node(new Map([[1, model]]))
  const answers = Promise.allSettled(Array.from({ length: 64 }, (_, value) => rig.ask('m', inputs(value))))
  await flush()
  expect(valuesOfY((await rig.ask('m', inputs(100))).outputs)).toEqual([200, 0])
  expect([model.batches, model.alone.length]).toEqual([[64, 1], 1])
  model.releaseAllAlone()
  const failed = (await answers).flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  expect(failed).toEqual([13])
  expect(rig.seen.incidents).toMatchObject([
    { id: { name: 'm', version: 1 }, digest: 'digest-1', kind: 'crash', confirmedInput: expect.any(String) },
  ])
  expect(await codeOf(() => rig.ask('m', inputs(13)))).toBe('serving.input_refused')
  await rig.replan(servingPlan())
  await rig.replan(servingPlan(modelPlan('m', 2)))
  expect(await codeOf(() => rig.ask('m', inputs(13)))).toBe('serving.input_refused')
  expect(model.batches).toEqual([64, 1])
})

it('marks the pair of a candidate that it ends, and the client never sees it', async () => {
  const candidate = new CrashingModel(13)
  const plan = modelPlan('m', 2, { versions: [1, 2], labels: { live: 1 }, mirror: mirrorPlan() })
  const rig = await node(new Map([[2, candidate]]), servingPlan(plan))
  for (let time = 0; time < 2; time += 1) {
    expect(valuesOfY((await rig.ask('m', inputs(13))).outputs)).toEqual([26, 0])
    await flush()
  }
  expect(rig.sink.pairs().map((pair) => pair.candidate)).toMatchObject([
    { error: { code: 'onnx.run_crashed' }, confirmed: true },
    { error: { code: 'serving.input_refused' } },
  ])
  expect([candidate.batches, candidate.alone]).toEqual([[1], [1]])
  expect(rig.seen.incidents).toMatchObject([{ id: { version: 2 }, digest: 'digest-2' }])
})
