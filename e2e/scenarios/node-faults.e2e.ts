import { chmod, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { PlannedVersion } from '@understudy/core'
import { CRASHING_QUOTIENT, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lost, wasNeverSent } from '../support/drain.ts'
import { hurt, settledExecutors, untilGone } from '../support/executor-faults.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, ROWS, scaledModel } from '../support/models.ts'
import { isClose, offlineTruth } from '../support/offline-truth.ts'
import { PROJECT } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { quotientBody, quotientVersion } from '../support/quotients.ts'
import { planOf, reasonOf, smallVersion } from '../support/serving-plans.ts'

// Short forms of e2e/faults.

const MODEL = 'sturdy'
const RATE = 100
const POISON = quotientBody([[CRASHING_QUOTIENT.dividend, CRASHING_QUOTIENT.divisor]])

let rig: NodeRig
let node: RigNode
let load: Load
let quotient: PlannedVersion
let good: PlannedVersion

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  good = await smallVersion(rig, 1, scaledModel(1))
  quotient = await quotientVersion(rig)
  node = await rig.start({ models: [planOf(MODEL, 1, [good]), planOf('quotient', 1, [quotient])] })
  await node.untilAvailable(MODEL, 1)
  await node.untilAvailable('quotient', 1)
  load = await Load.begin({
    url: `${node.url}/v1/models/${MODEL}:predict`,
    ratePerSecond: RATE,
    bodies: BODIES,
  })
})

afterAll(async () => {
  await load?.end()
  await rig?.close()
})

async function expectNothingFailed(): Promise<void> {
  await load.untilAnsweredBy(1)
  expect(load.failed).toEqual([])
}

describe('a node under load loses no answer', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)('by a %s of every executor', async (harm) => {
    const executors = await settledExecutors(node)
    await Promise.all(executors.map((executor) => hurt(executor, harm)))
    await expectNothingFailed()
  })

  it('by an input that ends the process of its model: that alone gets an error, and is refused from then on', async () => {
    const bodies = Array.from({ length: 20 }, (_, at) => (at === 7 ? POISON : quotientBody([[at * 2, 2]])))
    const answers = await Promise.all(bodies.map((body) => predict(node.url, 'quotient', body)))
    for (const [at, { status, body }] of answers.entries()) {
      if (at === 7) expect(status).toBeGreaterThanOrEqual(400)
      else expect(body).toEqual({ predictions: [[at]] })
    }
    const again = await predict(node.url, 'quotient', POISON)
    expect((again.body as { error: string }).error).toMatch(/refuses this input for another \d+ s/)
    await expectNothingFailed()
  })

  it('by a new version whose file was cut off: it is refused, and live goes on', async () => {
    const bad = await smallVersion(rig, 2, scaledModel(2))
    const sha256 = bad.files[0]?.sha256 ?? ''
    const artifact = path.join(rig.dataDir, 'artifacts/sha256', sha256.slice(0, 2), sha256)
    await chmod(artifact, 0o644)
    await truncate(artifact, 100)
    await node.setPlan([planOf(MODEL, 2, [good, bad], 1), planOf('quotient', 1, [quotient])])
    expect(await reasonOf(node.url, MODEL, 2)).not.toBe('')
    expect(node.output).toMatch(/The stored file of \\"model.onnx\\" has 100 bytes/)
    await expectNothingFailed()
  })

  it('by its own end: each request was answered, or never sent', async () => {
    expect(await node.stop()).toBe(0)
    await waitFor('a request that found nobody', () => load.records.some(wasNeverSent))
    const records = await load.stop()
    expect(lost(records)).toEqual([])
    const truth = await offlineTruth(scaledModel(1), ROWS)
    const wrong = records.filter(({ error, output, row }) => {
      const [answer] = (output ?? []) as readonly (readonly number[])[]
      return error === null && !isClose(answer, truth[row])
    })
    expect(wrong).toEqual([])
  })
})

describe('a node that is killed', () => {
  it('leaves no executor for longer than a second', async () => {
    const doomed = await rig.start({ name: 'doomed', models: [planOf(MODEL, 1, [good])] })
    await doomed.untilAvailable(MODEL, 1)
    const executors = await settledExecutors(doomed)
    doomed.signal('SIGKILL')
    await doomed.exit
    await untilGone(executors, { timeoutMs: 1_000 })
  })
})
