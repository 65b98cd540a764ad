import { fileURLToPath } from 'node:url'
import { ForkedServer } from './forked-server.ts'

const PROGRAM = fileURLToPath(new URL('./floor-process.ts', import.meta.url))

/** Starts a bare HTTP server that gives every request the same answer: the yardstick of throughput. */
export async function startFloor(
  body: string | Uint8Array,
  contentType = 'application/json',
): Promise<ForkedServer> {
  return await ForkedServer.start(PROGRAM, [Buffer.from(body).toString('base64'), contentType])
}
