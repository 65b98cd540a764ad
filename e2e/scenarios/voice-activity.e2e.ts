import type { PlannedVersion } from '@understudy/core'
import { NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { quarantine } from '../support/quarantine.ts'
import { planOf } from '../support/serving-plans.ts'
import {
  heardIn,
  LocalVoice,
  silence,
  voiceActivityModel,
  voiceBody,
  windows,
} from '../support/voice-activity.ts'

const MODEL = 'voice'
const WINDOWS = 60
const TOLERANCE = 1e-5

let rig: NodeRig
let node: RigNode
const local = new Map<number, LocalVoice>()
const versions: PlannedVersion[] = []

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  for (const [number, name] of [
    [5, 'v5'],
    [6, 'v6'],
  ] as const) {
    const bytes = await voiceActivityModel(name)
    const report = await quarantine(bytes)
    if (!report.ok) throw new Error(`${name} is refused: ${report.reasons.map(String).join('; ')}`)
    const { signature, batchable, loadMs, memoryBytes } = report
    versions.push(
      await rig.version({
        ...{ number, files: bytes, signature, batchable, measured: { loadMs, memoryBytes } },
        runtime: { timeoutMs: 10_000 },
      }),
    )
    local.set(number, await LocalVoice.load(bytes))
  }
  node = await rig.start({ models: [planOf(MODEL, 1, versions.slice(0, 1))] })
  await node.untilAvailable(MODEL, 5)
})

afterAll(async () => {
  await rig?.close()
  for (const voice of local.values()) await voice.release()
})

function largestDifference(left: readonly number[], right: readonly number[]): number {
  expect(left).toHaveLength(right.length)
  return Math.max(...left.map((value, at) => Math.abs(value - (right[at] ?? Number.NaN))))
}

describe('the Silero voice-activity models, whose state goes from answer to request', () => {
  it('are found to have no batch axis in quarantine', () => {
    expect(versions.map(({ batchable }) => batchable)).toEqual([false, false])
  })

  it('answer each window as they do in process, over a swap from v5 to v6 in the middle', async () => {
    const answeredBy: (number | null)[] = []
    let state = silence()
    for (const [at, window] of windows(WINDOWS).entries()) {
      if (at === WINDOWS / 2) {
        await node.setPlan([planOf(MODEL, 2, versions)])
        await node.untilGeneration(MODEL, 2)
      }
      const { status, body, version } = await predict(node.url, MODEL, voiceBody(window, state))
      expect(status, JSON.stringify(body)).toBe(200)
      const heard = heardIn(body)
      const truth = await local.get(version ?? 0)?.hear(window, state)
      expect(largestDifference(heard.output, truth?.output ?? [])).toBeLessThanOrEqual(TOLERANCE)
      expect(largestDifference(heard.stateN, truth?.stateN ?? [])).toBeLessThanOrEqual(TOLERANCE)
      answeredBy.push(version)
      state = heard.stateN
    }
    const half = new Array<number>(WINDOWS / 2)
    expect(answeredBy).toEqual([...half.fill(5), ...[...half].fill(6)])
  })

  it('answer many callers at once, each with the state that it brought', async () => {
    const sounds = windows(16)
    const states = sounds.map((_, caller) => silence().map((__, at) => Math.sin(caller + at / 50) / 4))
    const answers = await Promise.all(
      sounds.map((window, caller) => predict(node.url, MODEL, voiceBody(window, states[caller] ?? []))),
    )
    for (const [caller, { status, body }] of answers.entries()) {
      expect(status, JSON.stringify(body)).toBe(200)
      const truth = await local.get(6)?.hear(sounds[caller] ?? new Float32Array(), states[caller] ?? [])
      const { output, stateN } = heardIn(body)
      expect(
        largestDifference([...output, ...stateN], [...(truth?.output ?? []), ...(truth?.stateN ?? [])]),
      ).toBeLessThanOrEqual(TOLERANCE)
    }
  })
})
