import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isSameProcess, type ProcessIdentity } from './process-identity.ts'

const GONE_WITHIN_MS = 5_000

/** Ends the program that an identity file names, with its process group, if it outlived its guard. Says whether it did. */
export function endLeftover(identityFile: string): boolean {
  const identity = readIdentity(identityFile)
  const left = identity !== undefined && isSameProcess(identity)
  if (left) {
    try {
      process.kill(-identity.pid, 'SIGKILL')
    } catch {
      // It ended in between.
    }
  }
  rmSync(identityFile, { force: true })
  return left
}

/** As {@link endLeftover}, and resolves when that program is gone and its ports are free. */
export async function untilLeftoverEnded(identityFile: string): Promise<void> {
  const identity = readIdentity(identityFile)
  if (!endLeftover(identityFile) || !identity) return
  for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS && isSameProcess(identity); waitedMs += 20) await delay(20)
}

function readIdentity(identityFile: string): ProcessIdentity | undefined {
  try {
    const value: Partial<ProcessIdentity> = JSON.parse(readFileSync(identityFile, 'utf8'))
    const { pid, began } = value
    // A number below 2 would name every process of the machine when negated.
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 2 || typeof began !== 'string')
      return undefined
    return { pid, began }
  } catch {
    return undefined
  }
}
