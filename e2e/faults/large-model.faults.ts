import path from 'node:path'
import type { PlannedVersion } from '@understudy/core'
import { memoryUse, NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isClose } from '../support/offline-truth.ts'
import { PROJECT } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf } from '../support/serving-plans.ts'
import { SparseChain } from '../support/sparse-chain.ts'

const GIB = 2 ** 30
const MODEL = 'large'
const ROWS = [
  [1, 2, 3, 4],
  [-0.5, 0, 7.25, 100],
]
const chain = new SparseChain()

let rig: NodeRig
let node: RigNode
/** Of the first, the weights begin at a page, so that they are mapped from the file that came; those of the second are moved. */
const versions: PlannedVersion[] = []

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  for (const [number, offset] of [
    [1, 0],
    [2, 64],
  ] as const) {
    const files = await chain.write(path.join(rig.folder, `generated-${number}`), offset)
    versions.push(
      await rig.version({
        ...{ number, files, signature: chain.signature, batchable: false },
        measured: { loadMs: 500, memoryBytes: GIB / 4 + chain.weightsBytes },
        runtime: { timeoutMs: 60_000, runTimeoutMs: 60_000 },
      }),
    )
  }
  node = await rig.start({ models: [] })
})

afterAll(async () => {
  keepLog('large-model', node?.output ?? '')
  await rig?.close()
})

async function expectRightAnswers(version: number): Promise<void> {
  const began = performance.now()
  const { status, body } = await predict(node.url, MODEL, { instances: ROWS }, { version, timeoutMs: 60_000 })
  report(
    'large model',
    `v${version} answers ${ROWS.length} rows in ${(performance.now() - began).toFixed(0)} ms`,
  )
  expect(status, JSON.stringify(body)).toBe(200)
  const { predictions } = body as { readonly predictions: readonly (readonly number[])[] }
  expect(ROWS.every((row, at) => isClose(predictions[at], chain.answer(row)))).toBe(true)
}

describe('a model with more than 2 GiB of external weights', () => {
  it('is more than a signed 32-bit number can count', () => {
    expect(chain.weightsBytes).toBeGreaterThan(2 * GIB)
  })

  it.each([
    ['whose weights begin at a page', 1],
    ['whose weights have to be moved to pages first', 2],
  ])('%s is brought onto the node, mapped and answers right', async (_what, number) => {
    const began = performance.now()
    await node.setPlan([planOf(MODEL, number, versions.slice(0, number))])
    await node.untilAvailable(MODEL, number, { timeoutMs: 200_000, everyMs: 100 })
    const tookMs = performance.now() - began
    await expectRightAnswers(number)
    const { anonymousBytes, pssBytes } = memoryUse(node.processes().map(({ pid }) => pid))
    const gib = (bytes: number) => (bytes / GIB).toFixed(2)
    report(
      'large model',
      `v${number} available after ${(tookMs / 1_000).toFixed(1)} s; node: ${gib(anonymousBytes)} GiB of its own, ${gib(pssBytes)} GiB with mapped weights`,
    )
    // Not batched, it is not copied: the weights stay where the system may take them back.
    expect(anonymousBytes).toBeLessThan(GIB)
  })

  it('answers on beside the next version', async () => {
    await expectRightAnswers(1)
    await expectRightAnswers(2)
  })
})
