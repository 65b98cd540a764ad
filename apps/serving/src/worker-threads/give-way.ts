import { getPriority, setPriority } from 'node:os'

const BACKGROUND_PRIORITY = 10

/** Makes the calling thread give way to the loop that answers requests; nothing elsewhere than on Linux, where priorities are of processes. */
export function giveWay(): void {
  // A process that runs at a lower one already may not ask for this.
  if (process.platform === 'linux' && getPriority() < BACKGROUND_PRIORITY) setPriority(BACKGROUND_PRIORITY)
}
