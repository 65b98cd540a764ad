'use client'

import { useQuery } from '@tanstack/react-query'
import { FailureNotice } from '../components/notice.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { PageTitle } from '../shell/page-title.tsx'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { HowToPush } from './how-to-push.tsx'
import { ModelsTable } from './models-table.tsx'

export function ModelsPage() {
  const control = useTRPC()
  const overview = useQuery(control.overview.queryOptions())
  const platform = useQuery(control.platform.queryOptions()).data
  return (
    <div className="grid gap-4">
      <PageTitle>Models</PageTitle>
      <header className="flex items-center gap-4">
        <h1 className="font-semibold text-title">Models</h1>
        {platform !== undefined && (
          <div className="ml-auto">
            <HowToPush platform={platform} />
          </div>
        )}
      </header>
      {overview.data !== undefined && <ModelsTable models={overview.data.models} />}
      {overview.data === undefined && overview.error === null && <Skeleton what="The models" />}
      {overview.data === undefined && overview.error !== null && (
        <FailureNotice title="The models could not be loaded" failure={controlFailure(overview.error)} />
      )}
    </div>
  )
}
