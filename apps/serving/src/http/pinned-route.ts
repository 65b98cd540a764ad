import type { IncomingHttpHeaders } from 'node:http'
import type { TfsRoute } from '@understudy/protocols'
import { pinnedSelector } from './pinned-selector.ts'

/** The route with the version that headers pin it to; the same object when they do not. @throws PlatformError `request.malformed` */
export function pinnedRoute<R extends TfsRoute>(headers: IncomingHttpHeaders, route: R): R {
  const selector = pinnedSelector(headers, route.selector)
  return selector === route.selector ? route : { ...route, selector }
}
