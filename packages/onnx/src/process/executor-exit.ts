import { LAST_WORDS, type LastWord } from '../executor/executor-settings.ts'
import { isMemoryMessage } from '../executor/memory-message.ts'

/** How an executor ended. */
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

/** Text of an exit for messages: `was ended by SIGSEGV`. */
export function describeExit(exit: ExecutorExit): string {
  if (exit.lastWord === 'memory') return 'exceeded its memory limit'
  if (exit.lastWord !== undefined) return 'exceeded its time limit'
  if (exit.signal === null) return `ended with code ${exit.code ?? 'unknown'}`
  const hint = exit.signal === 'SIGKILL' ? ' from outside, perhaps by the system for want of memory' : ''
  return `was ended by ${exit.signal}${hint}`
}

export function lastWordOf(byte: number | undefined): LastWord | undefined {
  for (const word of Object.keys(LAST_WORDS) as LastWord[]) {
    if (LAST_WORDS[word] === byte) return word
  }
  return undefined
}
