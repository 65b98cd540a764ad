import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}

/** Channels by port: one each, closed with {@link closeChannels}. */
const clients = new Map<number, Client>()

/** A unary call by its path. Resolves with the message, or with the name of the status and its text. */
export function grpcCall<Q, A>(
  port: number,
  path: string,
  [request, answer]: readonly [Codec<Q>, Codec<A>],
  message: Q,
): Promise<{ readonly message: A } | { readonly status: string; readonly details: string }> {
  let client = clients.get(port)
  if (client === undefined) {
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
    clients.set(port, client)
  }
  const known = client
  return new Promise((resolve) => {
    known.makeUnaryRequest(
      path,
      (value: Q) => Buffer.from(request.encode(value).finish()),
      (bytes) => answer.decode(bytes),
      message,
      new Metadata(),
      { deadline: Date.now() + 30_000 },
      (error: ServiceError | null, value?: A) => {
        if (value !== undefined) resolve({ message: value })
        else resolve({ status: status[error?.code ?? status.UNKNOWN] ?? '', details: error?.details ?? '' })
      },
    )
  })
}

export function closeChannels(): void {
  for (const client of clients.values()) client.close()
  clients.clear()
}
