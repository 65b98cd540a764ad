import type { CapturePlan } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AnswerKeeper, InputCapture } from '../request-keepers.ts'
import { codeOf } from '../test-support/errors.ts'
import { rowsOfX, valuesOfY } from '../test-support/fake-model.ts'
import { flush } from '../test-support/flush.ts'
import { nodeRig } from '../test-support/node-rig.ts'
import { mirrorPlan, modelPlan, servingPlan } from '../test-support/plans.ts'

const CAPTURE: CapturePlan = { share: 0.5, maxRequests: 9, maxBytes: 99, maxAgeMs: 9, redact: [] }

describe('what is kept of live requests', () => {
  let coin: number
  let captured: Parameters<InputCapture['offer']>[]
  let kept: Parameters<AnswerKeeper['offer']>[]
  let order: string[]

  beforeEach(() => {
    coin = 0
    captured = []
    kept = []
    order = []
  })

  async function rigWith(changes: Parameters<typeof modelPlan>[2], broken = false) {
    const rig = nodeRig({
      clock: new TestClock(),
      plan: servingPlan(modelPlan('m', 1, { versions: [1, 2], labels: { live: 1, stable: 1 }, ...changes })),
      random: () => coin,
      ports: {
        capture: {
          offer: (...offer) => {
            if (broken) throw new Error('capture is broken')
            order.push('captured')
            captured.push(offer)
          },
        },
        answers: {
          offer: (...offer) => {
            if (broken) throw new Error('keeper is broken')
            order.push('kept')
            kept.push(offer)
          },
        },
      },
    })
    rig.core.start()
    await flush()
    return rig
  }

  it.each([
    [0.49, 1],
    [0.5, 0],
  ])('offers the share of requests that the plan says: coin %d', async (thrown, offers) => {
    coin = thrown
    const rig = await rigWith({ capture: CAPTURE })
    await rig.ask('m', { inputs: rowsOfX([3, 4], [5, 6]) })
    expect(captured).toHaveLength(offers)
    if (offers === 0) return
    expect(captured[0]).toMatchObject(['m', CAPTURE, { requestId: 'r1', rows: 2 }])
    expect([...(captured[0]?.[2].inputs.get('x')?.data ?? [])]).toEqual([3, 4, 5, 6])
  })

  it('offers a request before it runs, and its answer after the client has it', async () => {
    const rig = await rigWith({ capture: CAPTURE, keepAnswersShare: 1 })
    const model = rig.models.get('m@1')
    if (model) model.held = true
    const answer = rig.ask('m')
    await flush()
    expect(order).toEqual(['captured'])
    model?.releaseAll()
    order.push(`answered ${(await answer).servedBy.version}`)
    expect(order).toEqual(['captured', 'kept', 'answered 1'])
    const [model1, version, request, outputs] = kept[0] ?? []
    expect([model1, version, request]).toEqual([
      'm',
      { number: 1, digest: 'digest-1' },
      { requestId: 'r1', rows: 1 },
    ])
    expect(outputs && valuesOfY(outputs)).toEqual([102, 102])
  })

  it('offers nothing of requests that name a version, nor of what fails a check', async () => {
    const rig = await rigWith({ capture: CAPTURE, keepAnswersShare: 1 })
    await rig.ask('m', { selector: { kind: 'label', label: 'stable' } })
    expect(await codeOf(() => rig.ask('m', { inputs: new Map() }))).toBe('onnx.input_missing')
    expect([captured, kept]).toEqual([[], []])
  })

  it('offers nothing while the plan keeps nothing', async () => {
    const rig = await rigWith({})
    await rig.ask('m')
    expect([captured, kept]).toEqual([[], []])
  })

  it('keeps answers outside of pairs only: those of a pair are kept with it', async () => {
    const rig = await rigWith({ keepAnswersShare: 1, mirror: mirrorPlan({ sample: 0.5 }) })
    await rig.ask('m')
    expect(kept).toEqual([])
    coin = 0.7
    await rig.ask('m')
    expect(kept).toHaveLength(1)
  })

  it('keeps whole answers, also of who asked for one output', async () => {
    const rig = await rigWith({ keepAnswersShare: 1 })
    expect((await rig.ask('m', { outputs: [] })).outputs.size).toBe(0)
    expect(kept[0]?.[3].size).toBe(1)
  })

  it('costs a client nothing when who keeps it is broken', async () => {
    const rig = await rigWith({ capture: CAPTURE, keepAnswersShare: 1 }, true)
    expect(await rig.value('m')).toBe(102)
    expect(rig.seen.troubles.map(({ message }) => message)).toEqual(['capture is broken', 'keeper is broken'])
  })
})
