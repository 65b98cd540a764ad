import type { ChangeListener } from '@understudy/db'
import type { ChangeEvent } from '../control-service.ts'

const HEARTBEAT_MS = 2_000
/** Several changes within this time are told once: evidence is counted many times a second. */
const QUIET_MS = 150

/** Yields at once, after every burst of changes, and as a heartbeat; ends with the signal. */
export async function* changeStream(
  listener: ChangeListener,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  let seq = 0
  let told = -1
  let wake: () => void = () => undefined
  const stop = listener.onChange(() => {
    seq++
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  const pause = (ms: number, untilChange: boolean) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        if (!untilChange && !signal.aborted) return
        clearTimeout(timer)
        resolve()
      }
      if (signal.aborted || (untilChange && seq !== told)) wake()
    })
  try {
    while (!signal.aborted) {
      told = seq
      yield { seq, at: new Date().toISOString() }
      await pause(QUIET_MS, false)
      await pause(HEARTBEAT_MS, true)
    }
  } finally {
    stop()
    signal.removeEventListener('abort', onAbort)
  }
}
