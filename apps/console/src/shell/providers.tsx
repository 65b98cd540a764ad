'use client'

import { QueryClientProvider } from '@tanstack/react-query'
import { ThemeProvider } from 'next-themes'
import { type ReactNode, useState } from 'react'
import { LiveProvider } from '../live/live-provider.tsx'
import { createControlClient, TRPCProvider } from '../trpc/client.ts'
import { createQueryClient } from '../trpc/query-client.ts'

/** What every page stands on: theme, queries, the control client and the one stream. */
export function Providers({ nonce, children }: { readonly nonce: string; readonly children: ReactNode }) {
  const [queryClient] = useState(createQueryClient)
  const [control] = useState(createControlClient)
  return (
    <ThemeProvider
      attribute="data-theme"
      defaultTheme="system"
      enableSystem
      disableTransitionOnChange
      nonce={nonce}
    >
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={control} queryClient={queryClient}>
          <LiveProvider>{children}</LiveProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </ThemeProvider>
  )
}
