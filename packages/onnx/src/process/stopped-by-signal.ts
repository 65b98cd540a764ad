import { readFile } from 'node:fs/promises'

/** Whether a signal has stopped a process. Asks the system; elsewhere than on Linux nothing is ever stopped. */
export async function isStoppedBySignal(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The state follows the name, which may hold anything but comes in parentheses.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T'
  } catch {
    return false
  }
}
