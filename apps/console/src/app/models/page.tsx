import { HydrationBoundary } from '@tanstack/react-query'
import type { Metadata } from 'next'
import { ModelsPage } from '../../overview/models-page.tsx'
import { dehydrated, prefetch, requestQueryClient, serverControl } from '../../trpc/prefetch.ts'

export const metadata: Metadata = { title: 'Models' }

export default async function Page() {
  await prefetch(() => requestQueryClient().fetchQuery(serverControl().overview.queryOptions()))
  return (
    <HydrationBoundary state={dehydrated()}>
      <ModelsPage />
    </HydrationBoundary>
  )
}
