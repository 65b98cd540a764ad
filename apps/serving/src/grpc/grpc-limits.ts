import type { ServerOptions } from '@grpc/grpc-js'

/** Bounds of the gRPC server: everything outside is hostile. */
export interface GrpcLimits {
  /** Largest message, also after decompression. */
  readonly maxMessageBytes: number
  /** Bytes of messages held at once over all calls. */
  readonly maxBufferedBytes: number
  /** From the first byte of a message to its last. */
  readonly messageTimeoutMs: number
  /** Calls at once on one connection; a client waits with more. */
  readonly maxStreamsPerConnection: number
  readonly maxConnections: number
  /** From an accepted connection to the HTTP/2 settings of its client. */
  readonly handshakeTimeoutMs: number
  /** Silence after which a connection is asked whether it is still there. */
  readonly keepaliveMs: number
  readonly keepaliveTimeoutMs: number
  /** A connection without a call is closed after this time. */
  readonly idleTimeoutMs: number
  /** Messages of one stream that are worked on at once. */
  readonly maxInFlightPerStream: number
}

const MIB = 1024 * 1024

export const DEFAULT_GRPC_LIMITS: GrpcLimits = {
  maxMessageBytes: 64 * MIB,
  maxBufferedBytes: 512 * MIB,
  messageTimeoutMs: 120_000,
  maxStreamsPerConnection: 1_000,
  maxConnections: 4_000,
  handshakeTimeoutMs: 10_000,
  keepaliveMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  idleTimeoutMs: 3_600_000,
  maxInFlightPerStream: 64,
}

/** The same as grpc-js takes it. */
export function serverOptions(limits: GrpcLimits): ServerOptions {
  return {
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': limits.maxStreamsPerConnection,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': limits.idleTimeoutMs,
    // Nobody asks for it, and each call would pay.
    'grpc.enable_channelz': 0,
  }
}
