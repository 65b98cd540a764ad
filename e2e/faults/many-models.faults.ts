import type { ModelPlan } from '@understudy/core'
import { linearModel, memoryUse, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROWS } from '../support/models.ts'
import { PROJECT } from '../support/platform.ts'
import { Random } from '../support/random.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf, predictPatiently, signatureOf } from '../support/serving-plans.ts'

const MIB = 2 ** 20
const MODELS = 1_000
const WORKING_SET = 50
const REQUESTS = 3_000
const CALLERS = 8
const MEMORY_LIMIT_MIB = 256
/** Each reserves 3.2 MiB, so that about 80 fit. */
const MEASURED = { loadMs: 2, memoryBytes: 102.7 * MIB }
/** For the node itself, its executors and a spare. */
const BESIDE_MODELS_BYTES = 250 * MIB

let rig: NodeRig
let node: RigNode
let emptyBytes: number

const nameOf = (model: number) => `m-${model}`
const usedBytes = () => memoryUse(node.processes().map(({ pid }) => pid)).anonymousBytes

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const plans: ModelPlan[] = []
  for (let model = 0; model < MODELS; model++) {
    const version = await rig.version({
      ...{
        number: 1,
        files: linearModel({ seed: model + 1 }),
        signature: signatureOf(4, 3),
        measured: MEASURED,
      },
      runtime: { resident: false, timeoutMs: 30_000 },
    })
    plans.push(planOf(nameOf(model), 1, [version]))
  }
  node = await rig.start({ models: [], env: { UNDERSTUDY_MODEL_MEMORY_MIB: String(MEMORY_LIMIT_MIB) } })
  emptyBytes = usedBytes()
  const began = performance.now()
  await node.setPlan(plans)
  await waitFor('the node to know every model', async () => {
    const answers = await Promise.all(
      [0, MODELS - 1].map((model) => fetch(`${node.url}/v1/models/${nameOf(model)}/metadata`)),
    )
    return answers.every(({ ok }) => ok)
  })
  report('many models', `${MODELS} models known after ${(performance.now() - began).toFixed(0)} ms`)
})

afterAll(async () => {
  keepLog('many-models', node?.output ?? '')
  await rig?.close()
})

/** Asks one model after the other, a few at a time; gives how long each answer took. */
async function ask(models: readonly number[]): Promise<readonly number[]> {
  const tookMs: number[] = []
  const left = [...models]
  const caller = async () => {
    for (let model = left.pop(); model !== undefined; model = left.pop()) {
      const began = performance.now()
      const { status, body } = await predictPatiently(node.url, nameOf(model), {
        instances: [ROWS[model % ROWS.length]],
      })
      if (status !== 200) throw new Error(`${nameOf(model)} answered ${status}: ${JSON.stringify(body)}`)
      tookMs.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return tookMs.sort((a, b) => a - b)
}

function describeTimes(tookMs: readonly number[]): string {
  const at = (quantile: number) => tookMs[Math.floor(quantile * (tookMs.length - 1))]?.toFixed(1)
  return `${tookMs.length} requests, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`
}

describe(`${MODELS} models on a node that holds about 80 of them`, () => {
  it(`are all answered for a working set of ${WORKING_SET}`, async () => {
    const random = Random.create('many models')
    const models = Array.from({ length: REQUESTS }, () => random.integer(0, WORKING_SET - 1))
    report('working set', describeTimes(await ask(models)))
    const perModel = (usedBytes() - emptyBytes) / WORKING_SET / MIB
    report('working set', `${perModel.toFixed(2)} MiB for each of ${WORKING_SET} models, executors included`)
  })

  it('are all answered when each is asked once, and memory stays within the limit', async () => {
    let most = 0
    for (let from = 0; from < MODELS; from += 100) {
      const batch = Array.from({ length: 100 }, (_, at) => from + at)
      const tookMs = await ask(batch)
      if (from === WORKING_SET * 2) report('cold models', describeTimes(tookMs))
      most = Math.max(most, usedBytes())
    }
    report('cold models', `${((most - emptyBytes) / MIB).toFixed(0)} MiB more than the empty node at most`)
    expect(most - emptyBytes).toBeLessThan(MEMORY_LIMIT_MIB * MIB + BESIDE_MODELS_BYTES)
  })

  it('are answered for the working set again', async () => {
    const tookMs = await ask(Array.from({ length: WORKING_SET }, (_, model) => model))
    expect(tookMs).toHaveLength(WORKING_SET)
  })
})
