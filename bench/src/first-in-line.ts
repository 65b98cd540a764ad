import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Lets threads run as soon as they want to, before everything else that the machine does: what they then wait for is what they do themselves.
 * With more processes than cores, a pause says little about a loop otherwise. Threads and processes that they begin later are as before.
 * @returns false where this is not permitted (it needs root, or CAP_SYS_NICE) or not known (`chrt`)
 */
export async function firstInLine(threadIds: readonly number[]): Promise<boolean> {
  try {
    for (const id of threadIds) await run('chrt', ['--fifo', '--reset-on-fork', '--pid', '1', String(id)])
    return true
  } catch {
    return false
  }
}

/** Every thread of a process. */
export async function threadsOf(pid: number): Promise<number[]> {
  return (await readdir(`/proc/${pid}/task`)).map(Number)
}
