import { Socket } from 'node:net'
import { Worker, workerData } from 'node:worker_threads'
import { anonymousMemoryReader } from './anonymous-memory.ts'
import { endProcess, endProcessSaying } from './end-process.ts'
import { LIFELINE_FD } from './executor-settings.ts'
import { MemoryLimit } from './memory-limit.ts'
import { RunClock } from './run-clock.ts'

const LOOK_EVERY_MS = 25
/** Asking the system for the memory costs more than looking at the clock. */
const LOOKS_PER_MEMORY_LOOK = 4

/** What the main thread tells the watchdog, by shared memory. */
export interface Watched {
  readonly clock: RunClock
  readonly memoryLimit: MemoryLimit
}

interface WatchdogData {
  readonly clockMemory: SharedArrayBuffer
  readonly limitMemory: SharedArrayBuffer
}

/** Starts the watchdog thread from the file that runs now; resolves when it watches. */
export async function startWatchdog(entry: URL, { clock, memoryLimit }: Watched): Promise<void> {
  const data: WatchdogData = { clockMemory: clock.memory, limitMemory: memoryLimit.memory }
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
  const { clockMemory, limitMemory } = workerData as WatchdogData
  const clock = new RunClock(clockMemory)
  const limit = new MemoryLimit(limitMemory)
  const memoryBytes = anonymousMemoryReader()
  const lifeline = new Socket({ fd: LIFELINE_FD, readable: true, writable: false })
  lifeline.on('close', endProcess)
  lifeline.on('error', endProcess)
  lifeline.resume()
  let looks = 0
  setInterval(() => {
    const overdue = clock.overdue(performance.now())
    if (overdue) endProcessSaying(overdue.work === 'load' ? 'loadTimeout' : 'runTimeout')
    looks += 1
    if (looks % LOOKS_PER_MEMORY_LOOK !== 0 || limit.bytes === 0) return
    if (memoryBytes() > limit.bytes) endProcessSaying('memory')
  }, LOOK_EVERY_MS)
  tellReady()
}
