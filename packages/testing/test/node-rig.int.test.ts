import { fileURLToPath } from 'node:url'
import type { ModelPlan, PlannedVersion, Signature } from '@understudy/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NodeRig } from '../src/node-rig.ts'
import { linearModel } from '../src/onnx-models.ts'
import { cpuTimeMs, memoryUse } from '../src/process-usage.ts'
import { processesNaming } from '../src/processes.ts'
import type { RigNode } from '../src/rig-node.ts'

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
}

let rig: NodeRig

beforeEach(async () => {
  rig = await NodeRig.create(PROJECT)
})

afterEach(async () => {
  await rig.close()
})

function plan(generation: number, versions: readonly PlannedVersion[], live: number): ModelPlan {
  return {
    ...{ model: 'line', generation, versions, labels: { live } },
    ...{ mirror: null, capture: null, keepAnswersShare: 0 },
  }
}

async function answeredBy(node: RigNode): Promise<string | null> {
  const body = JSON.stringify({ instances: [[1, 2, 3, 4]] })
  const answer = await fetch(`${node.url}/v1/models/line:predict`, { method: 'POST', body })
  expect(await answer.json()).toHaveProperty('predictions')
  return answer.headers.get('understudy-version')
}

it('runs a real node on a plan file, follows the file, and leaves nothing behind', async () => {
  const first = await rig.version({ number: 1, files: linearModel({ seed: 1 }), signature: SIGNATURE })
  const second = await rig.version({ number: 2, files: linearModel({ seed: 2 }), signature: SIGNATURE })
  const node = await rig.start({ models: [plan(1, [first], 1)] })
  await node.untilAvailable('line', 1)
  expect(await answeredBy(node)).toBe('1')

  await node.setPlan([plan(2, [second], 2)])
  await node.untilGeneration('line', 2)
  expect(await answeredBy(node)).toBe('2')
  await node.untilUnloaded('line', 1)

  const pids = node.processes().map(({ pid }) => pid)
  expect(node.executors().length).toBeGreaterThan(0)
  expect(pids.length).toBeGreaterThan(node.executors().length)
  const { pssBytes, anonymousBytes } = memoryUse(pids)
  expect(anonymousBytes).toBeGreaterThan(1e6)
  expect(pssBytes).toBeGreaterThan(anonymousBytes)
  expect(cpuTimeMs(pids)).toBeGreaterThan(10)

  await rig.close()
  expect(processesNaming(rig.folder)).toEqual([])
  expect(memoryUse(pids).pssBytes).toBe(0)
})

it('ends a node that has been stopped by a signal', async () => {
  const node = await rig.start({})
  node.signal('SIGSTOP')
  await rig.close()
  expect(node.ended).toBe(true)
})
