import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { monotonicMs } from '../monotonic.ts'
import { quantile } from '../stats/quantile.ts'
import type { CallsOrder, ClosedResult } from './orders.ts'

/** Runs to the end of its time, through the genuine client. Messages are bytes on this side: nothing is read but the status. */
export async function runCalls(order: CallsOrder): Promise<ClosedResult> {
  const client = new Client(`127.0.0.1:${order.port}`, credentials.createInsecure())
  const latencies: number[] = []
  let failed = 0
  const beganMs = monotonicMs()
  const sendAll = async () => {
    for (;;) {
      const sentMs = monotonicMs()
      if (sentMs - beganMs >= order.durationMs) return
      try {
        await call(client, order)
        latencies.push(monotonicMs() - sentMs)
      } catch {
        failed += 1
      }
    }
  }
  await Promise.all(Array.from({ length: order.calls }, sendAll))
  const seconds = (monotonicMs() - beganMs) / 1_000
  client.close()
  const answered = latencies.length
  return { answered, failed, seconds, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) }
}

/** Where a call goes, and what it carries. */
export type Call = Pick<CallsOrder, 'port' | 'path' | 'message' | 'authorization'>

/** The bytes of one call's answer. @throws ServiceError */
export async function callOnce(order: Call): Promise<Uint8Array> {
  const client = new Client(`127.0.0.1:${order.port}`, credentials.createInsecure())
  try {
    return await call(client, order)
  } finally {
    client.close()
  }
}

function call(client: Client, { path, message, authorization }: Call): Promise<Buffer> {
  const metadata = new Metadata()
  metadata.set('authorization', authorization)
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, {}, (error, answer) => {
      if (answer === undefined) reject(error ?? new Error(`${path} gave no answer`))
      else resolve(answer)
    })
  })
}

function asIs(bytes: Buffer): Buffer {
  return bytes
}
