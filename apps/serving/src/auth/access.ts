import type { KeyVerb } from '@understudy/core'

/** Who asks. The same object for every request with the same key, until keys change. */
export interface Caller {
  /** A model that this is false for does not exist for the caller. */
  mayUse(model: string): boolean
}

/** Lets callers in. Every predict surface asks it before anything else. */
export interface Access {
  /**
   * The caller that an `Authorization` header, or gRPC metadata of that name, stands for. Synchronous, and cheap for a known key.
   *
   * @throws PlatformError `request.unauthenticated`, `request.permission_denied`
   */
  check(authorization: string | undefined, verb: KeyVerb): Caller
}

/** Somebody who may use every model. */
export const everyModel: Caller = { mayUse: () => true }

/** Lets everybody use everything: only for a server that nobody but this machine can reach. */
export const openAccess: Access = { check: () => everyModel }
