import { LAST_WORDS, type LastWord } from '../executor/executor-settings.ts'
import { isMemoryMessage, mebibytes } from '../executor/memory-message.ts'

/** How an executor ended. Neither code nor signal: its parent, the starter, was gone, and only its sockets told. */
export interface ExecutorExit {
  readonly code: number | null
  readonly signal: string | null
  /** Why the watchdog ended it, if it did. */
  readonly lastWord: LastWord | undefined
  /** The end of what it wrote to its error output, for logs. */
  readonly stderrTail: string
}

/** Whether it ended because it asked for more memory than it may have. */
export function diedOfMemory(exit: ExecutorExit): boolean {
  if (exit.lastWord !== undefined) return exit.lastWord === 'memory'
  return isMemoryMessage(exit.stderrTail)
}

/** The limits that were in force, to name them. */
export interface ExitLimits {
  /** Of the call that was being carried out. */
  readonly limitMs?: number | undefined
  readonly memoryLimitBytes?: number | undefined
}

/** Text of an exit for messages: `was ended by SIGSEGV`, `exceeded its memory limit of 512 MiB`. */
export function describeExit(exit: ExecutorExit, limits: ExitLimits = {}): string {
  const { limitMs, memoryLimitBytes = 0 } = limits
  if (diedOfMemory(exit)) {
    if (memoryLimitBytes > 0) return `exceeded its memory limit of ${mebibytes(memoryLimitBytes)}`
    return exit.lastWord === 'memory' ? 'exceeded its memory limit' : 'could not have the memory it asked for'
  }
  if (exit.lastWord !== undefined) {
    return limitMs === undefined ? 'exceeded its time limit' : `exceeded its time limit of ${limitMs} ms`
  }
  if (exit.signal === null)
    return exit.code === null ? 'ended, and nobody saw how' : `ended with code ${exit.code}`
  const hint = exit.signal === 'SIGKILL' ? ' from outside, perhaps by the system for want of memory' : ''
  return `was ended by ${exit.signal}${hint}`
}

export function lastWordOf(byte: number | undefined): LastWord | undefined {
  for (const word of Object.keys(LAST_WORDS) as LastWord[]) {
    if (LAST_WORDS[word] === byte) return word
  }
  return undefined
}
