import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const STEPS = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const

/**
 * Makes `dataDir` ours to start on: ends a server that an earlier, killed owner left running on it, waits for its
 * processes, and removes a `postmaster.pid` whose number now belongs to a stranger.
 *
 * Precondition: the caller owns the folder (nobody else starts a server on it).
 * A pid file of a process that is gone stays: PostgreSQL then checks the shared memory of that server before it starts.
 */
export async function clearLeftoverServer(dataDir: string): Promise<void> {
  const pid = recordedPid(dataDir)
  if (pid !== undefined && isAlive(pid)) {
    if (isServerOf(pid, dataDir)) await end(pid)
    else if (await untilNoneWorksIn(dataDir)) rmSync(path.join(dataDir, 'postmaster.pid'), { force: true })
  }
  await untilNoneWorksIn(dataDir)
}

function recordedPid(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isServerOf(pid: number, dataDir: string): boolean {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return command.includes('postgres') && command.includes(dataDir)
  } catch {
    return false
  }
}

async function end(pid: number): Promise<void> {
  for (const { signal, waitMs } of STEPS) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    if (await until(() => !isAlive(pid), waitMs)) return
  }
}

/** Server processes that lost their parent end by themselves within moments; each works in the data folder. */
function untilNoneWorksIn(dataDir: string): Promise<boolean> {
  return until(() => !someoneWorksIn(dataDir), 10_000)
}

function someoneWorksIn(dataDir: string): boolean {
  if (process.platform !== 'linux') return false
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return (
        readlinkSync(`/proc/${name}/cwd`) === dataDir &&
        readFileSync(`/proc/${name}/comm`, 'utf8').startsWith('postgres')
      )
    } catch {
      return false
    }
  })
}

async function until(condition: () => boolean, waitMs: number): Promise<boolean> {
  for (const deadline = performance.now() + waitMs; ; await delay(20)) {
    if (condition()) return true
    if (performance.now() > deadline) return false
  }
}
