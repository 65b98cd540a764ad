/** Bounds of the REST server: everything outside is hostile. */
export interface RestLimits {
  /** Largest body, also after decompression. */
  readonly maxBodyBytes: number
  /** Bytes of bodies held at once over all requests. */
  readonly maxBufferedBytes: number
  readonly maxHeaderBytes: number
  /** Must exceed the idle timeout of any load balancer in front, or a reused socket loses a request. */
  readonly keepAliveTimeoutMs: number
  readonly headersTimeoutMs: number
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number
}

const MIB = 1024 * 1024

export const DEFAULT_REST_LIMITS: RestLimits = {
  maxBodyBytes: 64 * MIB,
  maxBufferedBytes: 512 * MIB,
  maxHeaderBytes: 16 * 1024,
  keepAliveTimeoutMs: 75_000,
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
}
