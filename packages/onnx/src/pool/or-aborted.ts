import { cancelled } from './cancelled.ts'

/** Settles as the promise does, or at once with `serving.cancelled` when the signal aborts. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(cancelled())
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
