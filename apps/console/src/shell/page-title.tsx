'use client'

import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTRPC } from '../trpc/client.ts'

/** Keeps the title of the window true while the page lives: `(1) iris v2 · Understudy`. */
export function PageTitle({ children }: { readonly children: string }) {
  const waiting = useQuery(useTRPC().platform.queryOptions()).data?.needsYouCount ?? 0
  useEffect(() => {
    const count = waiting > 0 ? `(${waiting}) ` : ''
    document.title = `${count}${children} · Understudy`
  }, [children, waiting])
  return null
}
