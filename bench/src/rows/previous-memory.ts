import { type MemoryUse, memoryUse, type RigNode } from '@understudy/testing'
import type { BenchContext } from '../bench-context.ts'
import { BigModel } from '../models.ts'
import { monotonicMs } from '../monotonic.ts'
import { pause } from '../pause.ts'
import { planOf } from '../plan.ts'
import type { Finding } from '../report/entry.ts'
import type { Row } from '../row.ts'
import { startServingNode } from '../serving-node.ts'

const MB = 1e6
const SETTLE_MAX_MS = 15_000
const SETTLED_AFTER_MS = 1_500
const SETTLED_BYTES = 5 * MB

/** What the version before costs while it stays loaded beside the live one. */
export const PREVIOUS_MEMORY: Row = {
  ids: ['12'],
  limitMs: 120_000,
  run: async (bench) => [await measure(bench)],
}

async function measure(bench: BenchContext): Promise<Finding> {
  const rig = await bench.rig()
  const big = new BigModel()
  const version = async (number: number) =>
    await rig.version({ number, ...big.variant(number), runtime: { timeoutMs: 10_000 } })
  const [first, second] = [await version(1), await version(2)]
  const node = await startServingNode(bench, { rig, models: [] })
  const empty = await settled(node)
  await node.setPlan([planOf('big', 1, { versions: [first] })])
  await node.untilGeneration('big', 1)
  const alone = await settled(node)
  await node.setPlan([planOf('big', 2, { versions: [first, second], live: 1 })])
  await node.untilAvailable('big', 2)
  await node.setPlan([planOf('big', 3, { versions: [first, second], live: 2, previous: 1 })])
  await node.untilGeneration('big', 3)
  const both = await settled(node)
  const extra = (of: keyof MemoryUse) => both[of] - alone[of]
  return {
    id: '12',
    samples: [extra('pssBytes') / BigModel.weightBytes],
    notes: [
      `executors: ${mb(empty)} empty, ${mb(alone)} with one version, ${mb(both)} with previous beside`,
      `of what previous adds, ${(extra('anonymousBytes') / MB).toFixed(0)} MB is backed by no file`,
    ],
  }
}

/** Memory of all executors once it stays the same: forms may still be changed behind the traffic. */
async function settled(node: RigNode): Promise<MemoryUse> {
  const beganMs = monotonicMs()
  const now = () => memoryUse(node.executors().map(({ pid }) => pid))
  let last = now()
  let sinceMs = beganMs
  while (monotonicMs() - sinceMs < SETTLED_AFTER_MS && monotonicMs() - beganMs < SETTLE_MAX_MS) {
    await pause(200)
    const next = now()
    if (Math.abs(next.pssBytes - last.pssBytes) > SETTLED_BYTES) sinceMs = monotonicMs()
    last = next
  }
  return last
}

function mb({ pssBytes }: MemoryUse): string {
  return `${(pssBytes / MB).toFixed(0)} MB`
}
