import { isPlatformError, type KeyVerb } from '@understudy/core'
import type { Access, Caller } from '../auth/access.ts'
import type { Exchange } from './exchange.ts'

/**
 * Who makes an HTTP request. A refusal marks the answer with the challenge that HTTP asks for, whoever writes it.
 *
 * @throws PlatformError `request.unauthenticated`, `request.permission_denied`
 */
export function callerOf(access: Access, exchange: Exchange, verb: KeyVerb = 'predict'): Caller {
  try {
    return access.check(exchange.req.headers.authorization, verb)
  } catch (error) {
    if (isPlatformError(error) && error.category === 'UNAUTHENTICATED') {
      exchange.wire.nodeResponse().setHeader('www-authenticate', 'Bearer')
    }
    throw error
  }
}
