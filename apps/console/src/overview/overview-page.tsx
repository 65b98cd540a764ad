'use client'

import { useQuery } from '@tanstack/react-query'
import { FailureNotice } from '../components/notice.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { PageTitle } from '../shell/page-title.tsx'
import { counted } from '../text/numbers.ts'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { FirstRun } from './first-run.tsx'
import { HowToPush } from './how-to-push.tsx'
import { ModelsTable } from './models-table.tsx'
import { NeedsYou } from './needs-you.tsx'
import { RecentChanges } from './recent-changes.tsx'

/** What waits for a person, then every model, then what happened. */
export function OverviewPage() {
  const control = useTRPC()
  const overview = useQuery(control.overview.queryOptions())
  const platform = useQuery(control.platform.queryOptions()).data
  if (overview.data === undefined) {
    if (overview.error === null) return <Skeleton what="The overview" />
    return <FailureNotice title="The overview could not be loaded" failure={controlFailure(overview.error)} />
  }
  const { needsYou, models, recent } = overview.data
  if (models.length === 0 && needsYou.length === 0 && platform !== undefined)
    return <FirstRun platform={platform} />
  return (
    <div className="grid gap-4">
      <PageTitle>Overview</PageTitle>
      <header className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <h1 className="font-semibold text-title">Overview</h1>
        <p className="flex gap-5 text-ink-2 text-second">
          <Figure text={counted(models.length, 'model')} />
          {platform !== undefined && <Figure text={counted(platform.openRolloutCount, 'open rollout')} />}
        </p>
        {platform !== undefined && (
          <div className="ml-auto">
            <HowToPush platform={platform} />
          </div>
        )}
      </header>
      <NeedsYou items={needsYou} />
      <ModelsTable models={models} />
      <RecentChanges entries={recent} />
    </div>
  )
}

/** `5 models` with the number in the weight of a key figure. */
function Figure({ text }: { readonly text: string }) {
  const [number = '', ...words] = text.split(' ')
  return (
    <span>
      <span className="font-semibold text-ink text-lead">{number}</span> {words.join(' ')}
    </span>
  )
}
