import { HydrationBoundary } from '@tanstack/react-query'
import type { Metadata } from 'next'
import { OverviewPage } from '../overview/overview-page.tsx'
import { dehydrated, prefetch, requestQueryClient, serverControl } from '../trpc/prefetch.ts'

export const metadata: Metadata = { title: 'Overview' }

export default async function Page() {
  await prefetch(() => requestQueryClient().fetchQuery(serverControl().overview.queryOptions()))
  return (
    <HydrationBoundary state={dehydrated()}>
      <OverviewPage />
    </HydrationBoundary>
  )
}
