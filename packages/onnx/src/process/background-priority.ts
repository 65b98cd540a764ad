import { readdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCapability } from './own-capabilities.ts'

/**
 * How a process can be made to give way. `autogroup`: the scheduler shares the processor between sessions first, and an executor is a
 * session of its own, so its session gets the lower weight; `nice`: it shares between threads; `none`: there is no way that could be
 * taken back.
 */
export type BackgroundMeans = 'autogroup' | 'nice' | 'none'

/** What a machine says about priorities of one process. */
export interface PriorityFacts {
  /** The kernel shares between sessions, and this process is in no processor group that would come first. */
  readonly sharesBySession: boolean
  /** Raising the priority of its threads back to normal is permitted. */
  readonly mayRaise: boolean
}

const BACKGROUND_NICE = 10
const NORMAL_NICE = 0
/** RLIMIT_NICE counts from 20 downwards: this much permits nice 0. */
const LIMIT_FOR_NORMAL = 20
/** The kernel lets an ordinary user write an autogroup ten times a second, all of them together. */
const BUSY_TRIES = 20
const BUSY_DELAY_MS = 60

export function decideBackgroundMeans({ sharesBySession, mayRaise }: PriorityFacts): BackgroundMeans {
  if (sharesBySession) return 'autogroup'
  return mayRaise ? 'nice' : 'none'
}

/** Finds out what works for a process. Never rejects; other systems than Linux have no means. */
export async function readPriorityFacts(pid: number): Promise<PriorityFacts> {
  const [enabled, autogroup, groups, limits] = await Promise.all(
    [
      '/proc/sys/kernel/sched_autogroup_enabled',
      `/proc/${pid}/autogroup`,
      `/proc/${pid}/cgroup`,
      `/proc/${pid}/limits`,
    ].map(readOrNothing),
  )
  const isOn = enabled?.trim() === '1' && autogroup !== undefined && autogroup !== ''
  const niceLimit = Number(/^Max nice priority\s+(\d+)/m.exec(limits ?? '')?.[1] ?? 0)
  return {
    sharesBySession: isOn && !(await isInProcessorGroup(groups ?? '')),
    mayRaise: (await hasCapability('sysNice')) || niceLimit >= LIMIT_FOR_NORMAL,
  }
}

/** One change of the priority of a process. */
export interface PriorityChange {
  readonly pid: number
  /** The means that work for this process, as far as is known. */
  readonly facts: PriorityFacts
  /** False once a later change was wanted: a busy kernel is not asked again then. */
  readonly isWanted: () => boolean
}

/**
 * Makes a process give way; gives the means that took effect. In force before it returns, unless the kernel is busy: who changes its mind
 * finds things done in the order in which they were asked for. Never rejects.
 */
export async function lowerPriority(change: PriorityChange): Promise<PriorityFacts> {
  const { sharesBySession, mayRaise } = change.facts
  const bySession = sharesBySession && worked(writeAutogroup(change, BACKGROUND_NICE))
  const byThread = mayRaise && worked(renice(change.pid, BACKGROUND_NICE))
  return { sharesBySession: await bySession, mayRaise: await byThread }
}

/**
 * Gives back what {@link lowerPriority} took, by the means that took effect; in force before it returns, as there. A process that has
 * ended meanwhile is no error.
 *
 * @throws the error of the system
 */
export async function restorePriority(change: PriorityChange): Promise<void> {
  const { sharesBySession, mayRaise } = change.facts
  const bySession = sharesBySession ? writeAutogroup(change, NORMAL_NICE) : undefined
  const byThread = mayRaise ? renice(change.pid, NORMAL_NICE) : undefined
  for (const result of await Promise.allSettled([bySession, byThread])) {
    if (result.status === 'rejected' && !isGone(result.reason)) throw result.reason
  }
}

async function worked(change: Promise<void>): Promise<boolean> {
  try {
    await change
    return true
  } catch {
    return false
  }
}

async function writeAutogroup({ pid, isWanted }: PriorityChange, nice: number): Promise<void> {
  for (let tries = 1; tries === 1 || isWanted(); tries++) {
    try {
      // A write that blocks for nothing but the kernel's own work, which is microseconds.
      writeFileSync(`/proc/${pid}/autogroup`, String(nice))
      return
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' || tries === BUSY_TRIES) throw error
      await delay(BUSY_DELAY_MS)
    }
  }
}

/** Every thread has its own; one that is made meanwhile takes that of its maker. */
async function renice(pid: number, nice: number): Promise<void> {
  const done = new Set<string>()
  for (;;) {
    const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => !done.has(thread))
    if (threads.length === 0) return
    for (const thread of threads) {
      done.add(thread)
      try {
        setPriority(Number(thread), nice)
      } catch (error) {
        if (!isGone(error)) throw error
      }
    }
  }
}

/** A processor group of cgroups other than the root comes before sessions: version 1 names it, version 2 has a weight there. */
async function isInProcessorGroup(groups: string): Promise<boolean> {
  for (const line of groups.split('\n')) {
    const [number, controllers = '', path = '/'] = line.split(':')
    if (controllers.split(',').includes('cpu') && path !== '/') return true
    const isUnified = number === '0' && controllers === ''
    if (isUnified && (await readOrNothing(`/sys/fs/cgroup${path}/cpu.weight`)) !== undefined) return true
  }
  return false
}

async function readOrNothing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function isGone(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ESRCH' || (error instanceof Error && /ESRCH/.test(error.message))
}
