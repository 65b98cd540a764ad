import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { scaledModel } from '../support/models.ts'
import { rolloutPolicy } from '../support/rollout-policy.ts'
import { RolloutRig } from '../support/rollout-rig.ts'

let rig: RolloutRig

beforeAll(async () => {
  rig = await RolloutRig.open()
})
afterEach(() => rig?.endLoads())

describe('what a person may do to an open rollout', () => {
  it('is to pause it, go on, and abort it, from the command line, each once however often it is said', async () => {
    const { platform, clone } = rig
    const model = 'handled'
    await rig.newModel(model, rolloutPolicy({ shadow: { minPairs: 100_000 } }))
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await rig.untilStep(model, 'shadow')
    expect(await platform.ok(['pause', model])).toMatch(/^Paused handled v2/)
    await platform.ok(['pause', model])
    expect((await platform.status(model)).rollout).toMatchObject({ state: 'paused', reason: 'byUser' })
    expect(await platform.ok(['why', model])).toContain('understudy resume')
    await platform.ok(['resume', model])
    await rig.untilStep(model, 'shadow')
    await platform.ok(['abort', model, '--reason', 'not today'])
    expect((await rig.untilEnded(model, 2)).rollout).toMatchObject({ state: 'aborted', reason: 'byUser' })
  })

  it('is to rehearse a version: its verdict is recorded, its standing is not touched, and it does not go live', async () => {
    const { platform, clone } = rig
    const model = 'rehearsed'
    await rig.newModel(model, rolloutPolicy())
    await rig.load(model)
    await platform.ok(['hold', model, '--reason', 'an audit is on', '--for', '1h'])
    await clone.pushVersion({ model, number: 2, bytes: scaledModel(2) })
    await platform.until(model, 'it is held', ({ rollout }) => rollout?.reason === 'held', 60_000)
    await platform.ok(['abort', model, '--reason', 'rehearse it instead'])
    await rig.untilEnded(model, 2)
    await platform.ok(['rehearse', model, '2'])
    const { live, rollout } = await platform.until(
      model,
      'the rehearsal ends',
      (status) => status.rollout?.reason === 'rehearsed',
      60_000,
    )
    expect({ live, ...rollout }).toMatchObject({ live: 1, state: 'aborted', verdict: 'pass' })
    await platform.ok(['hold', model, '--release'])
    expect((await platform.control.model.query({ name: model })).hold).toBeNull()
  })
})

describe('the verdict of a rollout', () => {
  it('is computed again from stored counters, and printed with them', async () => {
    const text = await rig.platform.ok(['evidence', 'rehearsed', '2'])
    expect(text).toMatch(/the same verdict: pass/i)
    expect(text).toMatch(/errors/)
    expect(text).toMatch(/disagreement/)
  })

  it('stands in the history of the model, with who and when', async () => {
    const text = await rig.platform.ok(['history', 'rehearsed'])
    expect(text).toMatch(/– +v1 +first +controller/)
    expect(text).toMatch(/rehearsed.* v2 .*rehears/i)
  })
})
