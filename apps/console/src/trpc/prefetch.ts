import { dehydrate } from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import { controlRouter } from '@understudy/api/control'
import { isPlatformError } from '@understudy/core'
import { cache } from 'react'
import { composition } from '../server/composition.ts'
import { createQueryClient } from './query-client.ts'

/** A page never waits longer for the record: what is not there by then is asked for by the browser. */
const PREFETCH_MS = 1_500

export const requestQueryClient = cache(createQueryClient)

/** The control API inside the server, for pages to ask before they are sent. */
export function serverControl() {
  return createTRPCOptionsProxy({
    ctx: composition,
    router: controlRouter,
    queryClient: requestQueryClient,
  })
}

export function dehydrated() {
  return dehydrate(requestQueryClient())
}

/** What became of a prefetch: `late` also when the record could not be reached. */
export type Prefetched<T> =
  | { readonly state: 'here'; readonly data: T }
  | { readonly state: 'missing' | 'late' }

/** Runs one read of {@link serverControl} for the page that is being sent. Never throws. */
export async function prefetch<T>(read: () => Promise<T>): Promise<Prefetched<T>> {
  const timeout = new Promise<Prefetched<T>>((resolve) => {
    setTimeout(() => resolve({ state: 'late' }), PREFETCH_MS).unref()
  })
  const answer = read().then(
    (data): Prefetched<T> => ({ state: 'here', data }),
    (error: unknown): Prefetched<T> => ({ state: isMissing(error) ? 'missing' : 'late' }),
  )
  return Promise.race([answer, timeout])
}

function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return isPlatformError(cause) && cause.category === 'NOT_FOUND'
}
