import { parentPort, workerData } from 'node:worker_threads'

/*
 * A thread that sleeps exactly: timers of Node know whole milliseconds only, which would drown the latencies of a tiny model.
 * `times` are milliseconds on the monotonic clock, in order; `stop[0]` becomes 1 when it shall end.
 */
const { times, stop } = workerData
for (const atMs of times) {
  const waitMs = atMs - Number(process.hrtime.bigint()) / 1e6
  if (waitMs > 0) Atomics.wait(stop, 0, 0, waitMs)
  if (Atomics.load(stop, 0) !== 0) break
  parentPort.postMessage(atMs)
}
