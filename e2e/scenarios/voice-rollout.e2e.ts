import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Load } from '../support/load/load.ts'
import type { PlatformAccess } from '../support/platform-access.ts'
import { sharedPlatform } from '../support/shared-platform.ts'
import { LocalVoice, silence, voiceActivityModel, voiceBody, windows } from '../support/voice-activity.ts'

const MODEL = 'voice'
const WINDOWS = 120
const SPEECH_FROM = 0.5
const POLICY = JSON.stringify({
  outputs: {
    output: { compare: { kind: 'threshold', at: SPEECH_FROM }, gate: true },
    stateN: { gate: false },
  },
  rollout: {
    shadow: { minPairs: 60 },
    gates: { errors: { margin: 0.2 }, disagreement: { budget: 0.6 } },
    approval: { required: 0 },
  },
})

let platform: PlatformAccess
let load: Load | undefined
/** Share of the windows in which one version hears speech and the other does not. */
let trueDisagreement = 0
const bodies: string[] = []

beforeAll(async () => {
  const [v5, v6] = [await voiceActivityModel('v5'), await voiceActivityModel('v6')]
  const [before, after] = [await LocalVoice.load(v5), await LocalVoice.load(v6)]
  let state = silence()
  let differing = 0
  for (const window of windows(WINDOWS)) {
    bodies.push(voiceBody(window, state))
    const heard = await before.hear(window, state)
    const other = await after.hear(window, state)
    const speech = ({ output }: { readonly output: readonly number[] }) => (output[0] ?? 0) >= SPEECH_FROM
    if (speech(heard) !== speech(other)) differing += 1
    state = [...heard.stateN]
  }
  trueDisagreement = differing / WINDOWS
  await before.release()
  await after.release()
  platform = await sharedPlatform()
  const clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: 5, bytes: v5, config: POLICY })
  await platform.untilLive(MODEL, 5)
  load = await Load.begin({
    url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
    ...{ ratePerSecond: 40, bodies },
  })
  await clone.pushVersion({ model: MODEL, number: 6, bytes: v6 })
})

afterAll(() => load?.end())

describe('the upgrade of the Silero voice-activity model from v5 to v6', () => {
  it('is a rollout that shows how often they really disagree, and fails no request', async () => {
    const { live } = await platform.until(
      MODEL,
      'the rollout of v6 ends',
      ({ rollout }) => rollout?.version === 6 && ['succeeded', 'failed'].includes(rollout.state),
      90_000,
    )
    expect(live).toBe(6)
    expect(load?.failed).toEqual([])
    const { analysis } = await platform.control.evidence.query({ model: MODEL, version: 6 })
    const gate = analysis.gates.find((one) => one.gate === 'disagreement')
    const pairs = (gate?.nPlus ?? 0) + (gate?.nZero ?? 0)
    expect(pairs).toBeGreaterThanOrEqual(60)
    // The windows come in turn, so a part of a turn may be counted once more: its windows may all differ.
    const spare = WINDOWS / pairs
    expect(Math.abs((gate?.nPlus ?? 0) / pairs - trueDisagreement)).toBeLessThanOrEqual(Math.min(0.5, spare))
  })
})
