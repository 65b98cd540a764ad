import { writeSync } from 'node:fs'
import { LAST_WORDS, type LastWord, LIFELINE_FD } from './executor-settings.ts'

/** Ends this process from any of its threads, and tells its parent why. */
export function endProcessSaying(word: LastWord): void {
  try {
    writeSync(LIFELINE_FD, Uint8Array.of(LAST_WORDS[word]))
  } finally {
    endProcess()
  }
}

/** Not `process.exit`: that would wait for the blocked thread, or abort in the middle of a run. */
export function endProcess(): void {
  process.kill(process.pid, 'SIGKILL')
}
