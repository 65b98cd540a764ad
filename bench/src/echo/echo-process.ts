import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { GRPC_METHODS } from './grpc-messages.ts'

/*
 * The gRPC yardstick: what the library itself allows. It reads each message, thinks nothing, and writes the same answer, as a server that
 * was generated from the protocol's own files would.
 */
const [name = '', base64 = ''] = process.argv.slice(2)
const server = new Server()
if (name === 'tfs') echo(GRPC_METHODS.tfs)
else echo(GRPC_METHODS.oip)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error
  process.send?.(port)
})
process.on('disconnect', () => process.exit(0))

interface MessageType<T> {
  decode(bytes: Uint8Array): T
  encode(message: T): { finish(): Uint8Array }
}

function echo<Q, A>({ path, request, response }: Method<Q, A>): void {
  const answer = response.decode(Buffer.from(base64, 'base64'))
  server.register(
    path,
    (_call: ServerUnaryCall<Q, A>, respond: sendUnaryData<A>) => respond(null, answer),
    (message: A) => Buffer.from(response.encode(message).finish()),
    (bytes: Buffer) => request.decode(bytes),
    'unary',
  )
}

interface Method<Q, A> {
  readonly path: string
  readonly request: MessageType<Q>
  readonly response: MessageType<A>
}
