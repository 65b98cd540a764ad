import { monotonicMs } from '../monotonic.ts'
import { quantile } from '../stats/quantile.ts'
import { HttpConnection } from './http-connection.ts'
import type { ClosedOrder, ClosedResult } from './orders.ts'

const ANSWERS_MAX = 1 << 20

/** Runs to the end of its time; a connection that is lost counts as one failure and is replaced. */
export function runClosedLoop(order: ClosedOrder): Promise<ClosedResult> {
  const { port, request, connections, durationMs } = order
  const latencies = new Float64Array(ANSWERS_MAX)
  const beganMs = monotonicMs()
  let answered = 0
  let failed = 0
  let running = connections
  return new Promise((resolve) => {
    const finish = () => {
      const seconds = (monotonicMs() - beganMs) / 1_000
      const kept = latencies.subarray(0, Math.min(answered, ANSWERS_MAX))
      resolve({ answered, failed, seconds, p50Ms: quantile(kept, 0.5), p99Ms: quantile(kept, 0.99) })
    }
    const begin = () => {
      let connection = new HttpConnection(port, true)
      const next = () => {
        const sentMs = monotonicMs()
        if (sentMs - beganMs >= durationMs) {
          connection.close()
          running -= 1
          if (running === 0) finish()
          return
        }
        connection.send(request, ({ status }) => {
          if (status === 200) {
            latencies[answered % ANSWERS_MAX] = monotonicMs() - sentMs
            answered += 1
          } else failed += 1
          if (status === 0) {
            connection.close()
            connection = new HttpConnection(port, true)
          }
          // Not from within the answer: a server that refuses at once would never let go.
          if (status === 200) next()
          else setImmediate(next)
        })
      }
      next()
    }
    for (let index = 0; index < connections; index++) begin()
  })
}
