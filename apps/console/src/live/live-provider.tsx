'use client'

import { type Query, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { type ControlClient, useTRPCClient } from '../trpc/client.ts'
import { LiveStream } from './live-stream.ts'

/** What the page knows of its stream. `at`: the server's clock at the last sign of life, ISO 8601. */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost'
  readonly at: string | null
}

const LiveContext = createContext<Connection>({ state: 'connecting', at: null })

/** The state of the page's one stream. */
export function useConnection(): Connection {
  return useContext(LiveContext)
}

/** Holds one stream per page; each change makes every query on the page ask again, without a reload. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const client = useTRPCClient()
  const queries = useQueryClient()
  const [connection, setConnection] = useState<Connection>({ state: 'connecting', at: null })
  useEffect(() => listen(client, queries, setConnection), [client, queries])
  return <LiveContext value={connection}>{children}</LiveContext>
}

/** Asks again no more often than this, however fast the record changes. */
const REFRESH_MS = 400
/** A browser opens six connections to one place: pages that nobody looks at must not keep theirs. */
const HIDDEN_MS = 30_000

function listen(
  client: ControlClient,
  queries: QueryClient,
  show: (connection: Connection) => void,
): () => void {
  let refresh: ReturnType<typeof setTimeout> | undefined
  let hidden: ReturnType<typeof setTimeout> | undefined
  let at: string | null = null
  const askAgain = () => {
    refresh ??= setTimeout(() => {
      refresh = undefined
      void queries.invalidateQueries(undefined, { cancelRefetch: false })
    }, REFRESH_MS)
  }
  const stream = new LiveStream({
    subscribe: (onData) => client.changes.subscribe(undefined, { onData }),
    onSign(now) {
      at = now
      show({ state: 'live', at })
      if (hasUnanswered(queries)) askAgain()
    },
    onLost: () => show({ state: 'lost', at }),
    onChange: askAgain,
  })
  const onVisibility = () => {
    clearTimeout(hidden)
    if (document.visibilityState === 'hidden') hidden = setTimeout(() => stream.close(), HIDDEN_MS)
    else stream.open()
  }
  stream.open()
  document.addEventListener('visibilitychange', onVisibility)
  return () => {
    document.removeEventListener('visibilitychange', onVisibility)
    clearTimeout(hidden)
    clearTimeout(refresh)
    stream.close()
  }
}

/** A question that failed since the last change: the page would be old without saying so. */
function hasUnanswered(queries: QueryClient): boolean {
  const unanswered = (query: Query) => query.state.isInvalidated && query.state.fetchStatus === 'idle'
  return queries.getQueryCache().findAll({ type: 'active', predicate: unanswered }).length > 0
}
