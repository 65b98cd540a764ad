import { type ProcessEntry, type RigNode, stillRunning, waitFor } from '@understudy/testing'
import { metricSum } from './metrics.ts'

/** How an executor is hurt from outside. */
export type Harm = 'SIGKILL' | 'SIGSEGV' | 'SIGSTOP'

/** Hurts a process and waits until it is gone; gives how long that took. */
export async function hurt(executor: ProcessEntry, harm: Harm): Promise<number> {
  const began = performance.now()
  // It may just have been ended by its node: then it is gone already.
  if (stillRunning([executor]).length > 0) process.kill(executor.pid, harm)
  await untilGone([executor])
  return performance.now() - began
}

export async function untilGone(
  executors: readonly ProcessEntry[],
  { timeoutMs = 10_000, everyMs = 5 } = {},
): Promise<void> {
  await waitFor('the executors to be gone', () => stillRunning(executors).length === 0, {
    timeoutMs,
    everyMs,
  })
}

/** Executors of a node once none of them is still being started, and a spare stands ready. */
export async function settledExecutors(node: RigNode): Promise<readonly ProcessEntry[]> {
  return await waitFor(
    'every executor to have started',
    async () => {
      const known = await metricSum(node.url, 'understudy_executors')
      const spares = await metricSum(node.url, 'understudy_executors', 'kind="spare"')
      const executors = node.executors()
      return spares > 0 && executors.length === known ? executors : undefined
    },
    { timeoutMs: 30_000 },
  )
}
