import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import { ModelInferRequest, ModelInferResponse } from '@understudy/protocols/generated/grpc_service'
import type { MessageType } from '../src/grpc/decode-message.ts'
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from '../src/grpc/grpc-server.ts'
import { FakePredictor } from './fake-predictor.ts'

export interface UnaryReply<T> {
  readonly message: T
  /** Initial metadata. */
  readonly metadata: Metadata
}

/** A request to `half` with what is given, and nothing else. */
export function inferRequest(given: Partial<ModelInferRequest>): ModelInferRequest {
  return {
    ...{ modelName: 'half', modelVersion: '', id: '', parameters: new Map(), inputs: [], outputs: [] },
    ...{ rawInputContents: [], ...given },
  }
}

/** What a call that must fail fails with: the status, and the initial metadata that came before it. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly code: number; readonly details: string; readonly metadata: Record<string, unknown> }> {
  const error = await call.then(
    () => undefined,
    (thrown: ServiceError & { readonly initial: Metadata }) => thrown,
  )
  if (error === undefined) throw new Error('the call was answered')
  return { code: error.code, details: error.details, metadata: error.initial?.getMap() ?? {} }
}

/** The genuine client, called with a path and message types. */
export class GrpcTestClient extends Client implements Disposable {
  constructor(port: number, channel: ChannelCredentials = credentials.createInsecure()) {
    super(`127.0.0.1:${port}`, channel)
  }

  async unary<Q, A>(
    path: string,
    types: readonly [MessageType<Q>, MessageType<A>],
    message: Q,
    options: CallOptions & { readonly metadata?: Readonly<Record<string, string>> } = {},
  ): Promise<UnaryReply<A>> {
    const { metadata = {}, ...rest } = options
    return await new Promise<UnaryReply<A>>((resolve, reject) => {
      let initial = new Metadata()
      const call = this.makeUnaryRequest(
        path,
        (value: Q) => Buffer.from(types[0].encode(value).finish()),
        (bytes) => types[1].decode(bytes),
        message,
        Metadata.fromHttp2Headers(metadata),
        rest,
        (error: ServiceError | null, value?: A) => {
          if (error) reject(Object.assign(error, { initial }))
          else resolve({ message: value as A, metadata: initial })
        },
      )
      call.on('metadata', (value) => {
        initial = value
      })
    })
  }

  /** A stream of both, by messages. */
  bidi<Q, A>(
    path: string,
    types: readonly [MessageType<Q>, MessageType<A>],
    options: CallOptions & { readonly metadata?: Readonly<Record<string, string>> } = {},
  ): ClientDuplexStream<Q, A> {
    const { metadata = {}, ...rest } = options
    return this.makeBidiStreamRequest(
      path,
      (value: Q) => Buffer.from(types[0].encode(value).finish()),
      (bytes) => types[1].decode(bytes),
      Metadata.fromHttp2Headers(metadata),
      rest,
    )
  }

  infer(
    request: Partial<ModelInferRequest>,
    options?: Parameters<GrpcTestClient['unary']>[3],
  ): Promise<UnaryReply<ModelInferResponse>> {
    const types = [ModelInferRequest, ModelInferResponse] as const
    return this.unary('/inference.GRPCInferenceService/ModelInfer', types, inferRequest(request), options)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** The numbers of raw contents. */
export function floatsOf(raw: Uint8Array | undefined): number[] {
  return raw === undefined ? [] : [...new Float32Array(Uint8Array.from(raw).buffer)]
}

/** An input `x` of `half`. */
export function halfInput(values: readonly number[]): Partial<ModelInferRequest> {
  const raw = new Uint8Array(Float32Array.from(values).buffer)
  return {
    inputs: [
      {
        name: 'x',
        datatype: 'FP32',
        shape: [BigInt(values.length)],
        parameters: new Map(),
        contents: undefined,
      },
    ],
    rawInputContents: [raw],
  }
}

export interface GrpcFixture extends AsyncDisposable {
  readonly server: GrpcServer
  readonly predictor: FakePredictor
  readonly port: number
  readonly client: GrpcTestClient
}

/** A listening server over the fake data plane, and a client of it. */
export async function startGrpc(options: Partial<GrpcServerOptions> = {}): Promise<GrpcFixture> {
  const predictor = new FakePredictor()
  const server = createGrpcServer({
    predictor,
    health: { live: () => true, ready: () => true },
    ...options,
  })
  const { port } = await server.listen()
  const client = new GrpcTestClient(port)
  return {
    server,
    predictor,
    port,
    client,
    [Symbol.asyncDispose]: async () => {
      predictor.release()
      client.close()
      await server.close({ deadlineMs: 0 })
    },
  }
}
