import { NodeRig } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeLatency } from '../support/load/latency.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, ROWS, scaledModel } from '../support/models.ts'
import { isClose, offlineTruth } from '../support/offline-truth.ts'
import { PROJECT } from '../support/platform.ts'
import { report } from '../support/report.ts'
import { planOf, smallVersion } from '../support/serving-plans.ts'

const MODEL = 'hot'
const SWAPS = 100
const RATE = 300

const bytesOf = (number: number) => scaledModel(1 + number / 8)

let rig: NodeRig
let load: Load | undefined
let durationMs: number

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  let current = await smallVersion(rig, 1, bytesOf(1))
  const node = await rig.start({ models: [planOf(MODEL, 1, [current])] })
  await node.untilAvailable(MODEL, 1)
  const url = `${node.url}/v1/models/${MODEL}:predict`
  load = await Load.begin({ url, ratePerSecond: RATE, bodies: BODIES })
  const began = performance.now()
  for (let number = 2; number <= SWAPS + 1; number++) {
    const next = await smallVersion(rig, number, bytesOf(number))
    await node.setPlan([planOf(MODEL, number, [current, next])])
    await load.untilAnsweredBy(number)
    current = next
  }
  durationMs = performance.now() - began
  await load.stop()
})

afterAll(async () => {
  await load?.end()
  await rig?.close()
})

describe(`${SWAPS} versions that go live one after the other under a constant load`, () => {
  it('cost no request', () => {
    expect(load?.failed).toEqual([])
    const records = load?.records ?? []
    report('hot swaps', `${SWAPS} swaps in ${(durationMs / 1_000).toFixed(1)} s: ${describeLatency(records)}`)
    expect(records.length / durationMs).toBeGreaterThan((0.95 * RATE) / 1_000)
  })

  it('answer each in its turn, never one that was replaced before the request was due', () => {
    const records = [...(load?.records ?? [])].sort((a, b) => a.index - b.index)
    expect(new Set(records.map(({ version }) => version)).size).toBe(SWAPS + 1)
    const firstAnswer = new Map<number, number>()
    for (const { version, endedAtMs } of records) {
      const known = firstAnswer.get(version ?? 0) ?? Number.POSITIVE_INFINITY
      firstAnswer.set(version ?? 0, Math.min(known, endedAtMs))
    }
    const late = records.filter(
      ({ version, scheduledAtMs }) =>
        scheduledAtMs > (firstAnswer.get((version ?? 0) + 1) ?? Number.POSITIVE_INFINITY),
    )
    expect(late).toEqual([])
  })

  it('answer exactly what the version named computes offline', async () => {
    const truths = new Map<number, Awaited<ReturnType<typeof offlineTruth>>>()
    for (let number = 1; number <= SWAPS + 1; number++) {
      truths.set(number, await offlineTruth(bytesOf(number), ROWS))
    }
    const wrong = load?.records.filter(({ output, version, row }) => {
      const [answer] = output as readonly (readonly number[])[]
      return !isClose(answer, truths.get(version ?? 0)?.[row])
    })
    expect(wrong).toEqual([])
  })
})
