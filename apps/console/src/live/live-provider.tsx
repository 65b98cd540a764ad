'use client'

import { type Query, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { useTRPCClient } from '../trpc/client.ts'
import { type Connection, LOST_AFTER_MS, tellsOfChange } from './connection.ts'

const LiveContext = createContext<Connection>({ state: 'connecting', at: null })

/** Asks again no more often than this, however fast the record changes. */
const REFRESH_MS = 400

/** The state of the page's one stream. */
export function useConnection(): Connection {
  return useContext(LiveContext)
}

/** A question that failed since the last change: the page would be old without saying so. */
function hasUnanswered(queries: QueryClient): boolean {
  const unanswered = (query: Query) => query.state.isInvalidated && query.state.fetchStatus === 'idle'
  return queries.getQueryCache().findAll({ type: 'active', predicate: unanswered }).length > 0
}

/** Holds one stream per page; each change makes every query on the page ask again, without a reload. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const client = useTRPCClient()
  const queries = useQueryClient()
  const [connection, setConnection] = useState<Connection>({ state: 'connecting', at: null })

  useEffect(() => {
    let refresh: ReturnType<typeof setTimeout> | undefined
    let silence: ReturnType<typeof setTimeout> | undefined
    let stream: { unsubscribe(): void } | undefined
    let lastSeq: number | null = null

    const askAgain = () => {
      refresh ??= setTimeout(() => {
        refresh = undefined
        void queries.invalidateQueries(undefined, { cancelRefetch: false })
      }, REFRESH_MS)
    }
    const lost = () => {
      setConnection((before) => ({ ...before, state: 'lost' }))
      open()
    }
    const listen = () => {
      clearTimeout(silence)
      silence = setTimeout(lost, LOST_AFTER_MS)
    }
    const open = () => {
      stream?.unsubscribe()
      lastSeq = null
      listen()
      stream = client.changes.subscribe(undefined, {
        onData: ({ seq, at }) => {
          listen()
          setConnection({ state: 'live', at })
          if (tellsOfChange(lastSeq, seq) || hasUnanswered(queries)) askAgain()
          lastSeq = seq
        },
      })
    }
    open()
    return () => {
      stream?.unsubscribe()
      clearTimeout(refresh)
      clearTimeout(silence)
    }
  }, [client, queries])

  return <LiveContext value={connection}>{children}</LiveContext>
}
