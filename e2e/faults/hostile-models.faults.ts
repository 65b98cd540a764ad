import type { PlannedVersion } from '@understudy/core'
import {
  endlessModel,
  growingModel,
  hugeAnswerModel,
  memoryUse,
  NodeRig,
  type RigNode,
  waitFor,
} from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeLatency } from '../support/load/latency.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, scaledModel } from '../support/models.ts'
import { PROJECT } from '../support/platform.ts'
import { refusals } from '../support/quarantine.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf, predictPatiently, SMALL, signatureOf, smallVersion } from '../support/serving-plans.ts'

const MIB = 2 ** 20
const RATE = 100
const ATTEMPTS = 4
/** What a node may keep of a model that took gigabytes. */
const KEPT_BYTES_MAX = 150 * MIB

/** Each does harm in a way of its own, at once and with whatever it is asked. */
const BAD = {
  endless: {
    ...{ bytes: endlessModel(), signature: signatureOf(4, 4), row: [1, 2, 3, 4], measured: SMALL },
    ...{ refused: /time limit/, logged: /longer than|time/ },
  },
  growing: {
    ...{ bytes: growingModel(), signature: signatureOf(1, ['S', 'N', 'M']), row: [1], measured: SMALL },
    ...{ refused: /memory/i, logged: /more memory than its memory limit|exceeded its memory limit/ },
  },
  huge: {
    ...{ bytes: hugeAnswerModel(1_024), signature: signatureOf(1, ['N', 'M']), row: [1] },
    // It may take the memory, so that the answer is what is too much.
    ...{
      measured: { loadMs: 2, memoryBytes: 3_072 * MIB },
      refused: /MiB|bytes/,
      logged: /The answer has 1024 MiB/,
    },
  },
} as const
const NAMES = ['endless', 'growing', 'huge'] as const

describe('in quarantine', () => {
  it.each([
    ['an endless loop', 'endless'],
    ['one that allocates without bound', 'growing'],
    ['an answer of a gigabyte', 'huge'],
  ] as const)('%s is refused with the reason', async (_what, name) => {
    const { bytes, refused } = BAD[name]
    const limits = { memoryLimitBytes: 2_048 * MIB }
    const runtime = { intraOpThreads: 1, runTimeoutMs: name === 'endless' ? 1_000 : 20_000 }
    expect((await refusals(bytes, { limits, runtime })).join('\n')).toMatch(refused)
  })
})

describe('on a node that got them as live versions all the same', () => {
  let rig: NodeRig
  let node: RigNode
  let load: Load | undefined
  let beforeBytes: number

  const usedBytes = () => memoryUse(node.processes().map(({ pid }) => pid)).anonymousBytes

  beforeAll(async () => {
    rig = await NodeRig.create(PROJECT)
    const good = await smallVersion(rig, 1, scaledModel(1))
    const bad = new Map<string, PlannedVersion>()
    for (const name of NAMES) {
      const { bytes, signature, measured } = BAD[name]
      // Small, so that they share the executor of the good one, and on demand, so that they come without a warm-up that tells.
      const runtime = { resident: false, timeoutMs: 10_000, runTimeoutMs: name === 'endless' ? 500 : 10_000 }
      bad.set(
        name,
        await rig.version({ number: 1, files: bytes, signature, runtime, measured, batchable: false }),
      )
    }
    const goodPlan = planOf('good', 1, [good])
    node = await rig.start({ models: [goodPlan] })
    await node.untilAvailable('good', 1)
    beforeBytes = usedBytes()
    await node.setPlan([
      goodPlan,
      ...NAMES.map((name) =>
        planOf(
          name,
          1,
          [...bad.values()].filter((one) => one === bad.get(name)),
        ),
      ),
    ])
    for (const name of NAMES) await node.untilAvailable(name, 1)
    load = await Load.begin({
      url: `${node.url}/v1/models/good:predict`,
      ratePerSecond: RATE,
      bodies: BODIES,
    })
  })

  afterAll(async () => {
    keepLog('hostile-models', node?.output ?? '')
    await load?.end()
    await rig?.close()
  })

  it.each(NAMES)('%s gets errors, and only it', async (name) => {
    const { row, logged } = BAD[name]
    const said = node.output.length
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // Another input each time: one that did harm is refused without a run.
      const body = { instances: [row.map((value) => value + attempt)] }
      const answer = await predictPatiently(node.url, name, body)
      expect(answer.status, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(400)
    }
    // What is nobody's business outside is in the log.
    expect(node.output.slice(said)).toMatch(logged)
    await load?.more(RATE / 2)
    expect(load?.failed).toEqual([])
  })

  it('all at once get errors, and only they', async () => {
    const answers = await Promise.all(
      NAMES.flatMap((name) =>
        Array.from({ length: ATTEMPTS }, (_, at) =>
          predictPatiently(node.url, name, { instances: [BAD[name].row.map((value) => value + 100 + at)] }),
        ),
      ),
    )
    for (const { status, body } of answers) expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400)
    await load?.more(RATE / 2)
    expect(load?.failed).toEqual([])
  })

  it('give their memory back', async () => {
    await load?.stop()
    report('hostile models', `beside them: ${describeLatency(load?.records ?? [])}`)
    await node.setPlan([planOf('good', 1, [await smallVersion(rig, 1, scaledModel(1))])])
    for (const name of NAMES) await node.untilUnloaded(name, 1)
    await waitFor(
      'their memory',
      () => {
        if (usedBytes() - beforeBytes < KEPT_BYTES_MAX) return true
        throw new Error(`${((usedBytes() - beforeBytes) / MIB).toFixed(0)} MiB more than before`)
      },
      { timeoutMs: 15_000, everyMs: 100 },
    )
    report('hostile models', `${((usedBytes() - beforeBytes) / MIB).toFixed(0)} MiB kept afterwards`)
  })
})
