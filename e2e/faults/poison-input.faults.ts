import { CRASHING_QUOTIENT, endlessOnNanModel, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricSum } from '../support/metrics.ts'
import { PROJECT } from '../support/platform.ts'
import { type Prediction, predict } from '../support/prediction.ts'
import { quotientBody, quotientVersion } from '../support/quotients.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf, SMALL, signatureOf } from '../support/serving-plans.ts'

const BATCH = 48
const ROUNDS = 5

let rig: NodeRig
let node: RigNode

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const quotient = await quotientVersion(rig)
  const hanging = await rig.version({
    ...{ number: 1, files: endlessOnNanModel(), signature: signatureOf(4, 4), measured: SMALL },
    runtime: { timeoutMs: 15_000, runTimeoutMs: 400 },
  })
  node = await rig.start({ models: [planOf('quotient', 1, [quotient]), planOf('hanging', 1, [hanging])] })
  await node.untilAvailable('quotient', 1)
  await node.untilAvailable('hanging', 1)
})

afterAll(async () => {
  keepLog('poison-input', node?.output ?? '')
  await rig?.close()
})

/** Sends all of them at once and gives the answers in their order. */
function together(model: string, bodies: readonly string[]): Promise<readonly Prediction[]> {
  return Promise.all(bodies.map((body) => predict(node.url, model, body, { timeoutMs: 30_000 })))
}

describe('an input that ends the process of its model, in a crowd of others', () => {
  it('alone gets an error, time and again; each of the others gets its answer', async () => {
    const tookMs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const bodies = Array.from({ length: BATCH }, (_, at) =>
        quotientBody([[100 * (round + 1) * at, at + 1]]),
      )
      // Another poison each time: two rows, of which one is harmless.
      bodies[round * 7] = quotientBody([
        [CRASHING_QUOTIENT.dividend, CRASHING_QUOTIENT.divisor],
        [round, 1],
      ])
      const began = performance.now()
      const answers = await together('quotient', bodies)
      tookMs.push(performance.now() - began)
      for (const [at, { status, body }] of answers.entries()) {
        const text = `round ${round}, request ${at}: ${JSON.stringify(body)}`
        if (at === round * 7) expect(status, text).toBeGreaterThanOrEqual(400)
        else expect(body, text).toEqual({ predictions: [[Math.trunc((100 * (round + 1) * at) / (at + 1))]] })
      }
    }
    report(
      'crashing input',
      `${ROUNDS} crowds of ${BATCH} answered after ${tookMs.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    )
  })

  it('is refused when it comes again, before anything runs', async () => {
    const incidents = () => metricSum(node.url, 'understudy_executor_incidents_total')
    const before = await incidents()
    const executors = node.executors().map(({ pid }) => pid)
    const { status, body } = await predict(
      node.url,
      'quotient',
      quotientBody([
        [CRASHING_QUOTIENT.dividend, CRASHING_QUOTIENT.divisor],
        [0, 1],
      ]),
    )
    expect(status, JSON.stringify(body)).toBe(400)
    expect((body as { error: string }).error).toMatch(/refuses this input for another \d+ s/)
    expect(await incidents()).toBe(before)
    expect(executors.every((pid) => node.executors().some((one) => one.pid === pid))).toBe(true)
  })
})

describe('an input that never ends, in a crowd of others', () => {
  it('alone gets an error, and is refused when it comes again', async () => {
    const bodies = Array.from({ length: BATCH }, (_, at) => JSON.stringify({ instances: [[at, 1, 2, 3]] }))
    bodies[5] = '{"instances": [[NaN, 0, 0, 0]]}'
    const began = performance.now()
    const answers = await together('hanging', bodies)
    report('hanging input', `a crowd of ${BATCH} answered after ${(performance.now() - began).toFixed(0)} ms`)
    for (const [at, { status, body }] of answers.entries()) {
      if (at === 5) expect(status).toBe(504)
      else expect(body).toEqual({ predictions: [[at, 1, 2, 3]] })
    }
    const again = await waitFor('the refusal', async () => {
      const answer = await predict(node.url, 'hanging', bodies[5], { timeoutMs: 30_000 })
      return answer.status === 400 ? answer : undefined
    })
    expect((again.body as { error: string }).error).toMatch(/runs longer than its limit/)
  })
})
