import { writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Worker, workerData } from 'node:worker_threads'
import { LAST_WORDS, type LastWord, LIFELINE_FD } from './executor-settings.ts'
import { RunClock } from './run-clock.ts'

const LOOK_EVERY_MS = 25

interface WatchdogData {
  readonly clockMemory: SharedArrayBuffer
  readonly memoryLimitBytes: number
}

/** Starts the watchdog thread from the file that runs now; resolves when it watches. */
export async function startWatchdog(entry: URL, clock: RunClock, memoryLimitBytes: number): Promise<void> {
  const data: WatchdogData = { clockMemory: clock.memory, memoryLimitBytes }
  const worker = new Worker(entry, { workerData: data })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
  })
  // Without its watchdog an executor could hang for ever: better it ends.
  worker.on('error', endProcess)
  worker.on('exit', endProcess)
}

/** The body of the watchdog thread: ends the process when its parent is gone, or its work takes too long or too much. */
export function watch(tellReady: () => void): void {
  const { clockMemory, memoryLimitBytes } = workerData as WatchdogData
  const clock = new RunClock(clockMemory)
  const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false })
  lifeline.on('close', endProcess)
  lifeline.on('error', endProcess)
  lifeline.resume()
  setInterval(() => {
    const work = clock.overdue()
    if (work !== undefined) endProcessSaying(work === 'load' ? 'loadTimeout' : 'runTimeout')
    if (memoryLimitBytes > 0 && process.memoryUsage.rss() > memoryLimitBytes) endProcessSaying('memory')
  }, LOOK_EVERY_MS)
  tellReady()
}

function endProcessSaying(word: LastWord): void {
  try {
    writeSync(LIFELINE_FD, Uint8Array.of(LAST_WORDS[word]))
  } finally {
    endProcess()
  }
}

/** Not `process.exit`: that would wait for the blocked thread, or abort in the middle of a run. */
function endProcess(): void {
  process.kill(process.pid, 'SIGKILL')
}
