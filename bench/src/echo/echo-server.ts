import { fileURLToPath } from 'node:url'
import { ForkedServer } from '../floor/forked-server.ts'
import type { GrpcMethod } from './grpc-messages.ts'

const PROGRAM = fileURLToPath(new URL('./echo-process.ts', import.meta.url))

/** Starts a gRPC server that gives every request of a method the same answer: the yardstick of a call's cost. */
export async function startEcho(method: GrpcMethod, answer: Uint8Array): Promise<ForkedServer> {
  return await ForkedServer.start(PROGRAM, [method, Buffer.from(answer).toString('base64')])
}
