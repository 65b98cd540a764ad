import { watchParentPipe } from '@understudy/telemetry'

/** A terminal sends Ctrl-C to the whole foreground group and npm sends it on: what comes so soon is the same request. */
const SAME_REQUEST_WITHIN_MS = 700

export interface StopRequests {
  /** Aborts when we are asked to stop, or the process that started us is gone. */
  readonly stop: AbortSignal
  /** Aborts when we are asked a second time. */
  readonly kill: AbortSignal
}

/** Listens for SIGINT, SIGTERM, SIGHUP and, when told, for the pipe of the parent. */
export function listenForStopRequests(options: { readonly parentPipe: boolean }): StopRequests {
  const [stop, kill] = [new AbortController(), new AbortController()]
  let firstAt = Number.POSITIVE_INFINITY
  const onRequest = () => {
    if (!stop.signal.aborted) {
      firstAt = performance.now()
      stop.abort()
    } else if (performance.now() - firstAt > SAME_REQUEST_WITHIN_MS) kill.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onRequest)
  if (options.parentPipe) watchParentPipe(() => stop.abort())
  // The terminal may be gone before we are: its absence must not end us half way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return { stop: stop.signal, kill: kill.signal }
}
