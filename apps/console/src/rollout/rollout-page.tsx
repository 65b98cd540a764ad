'use client'

import { useQuery } from '@tanstack/react-query'
import type { RolloutView } from '@understudy/api/views'
import Link from 'next/link'
import { useState } from 'react'
import { Badge } from '../components/look.tsx'
import { FailureNotice } from '../components/notice.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { DoneLine } from '../model/done-line.tsx'
import { modelHref } from '../shell/breadcrumb.ts'
import { PageTitle } from '../shell/page-title.tsx'
import { rolloutLook, rolloutWords } from '../states.tsx'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { RolloutSection } from './rollout-section.tsx'

interface RolloutPageProps {
  readonly model: string
  readonly id: string
}

/** One rollout by itself, mostly a past one. */
export function RolloutPage({ model, id }: RolloutPageProps) {
  const control = useTRPC()
  const query = useQuery(control.rollout.queryOptions({ id }))
  const hold = useQuery(control.model.queryOptions({ name: model })).data?.hold ?? null
  if (query.data !== undefined) return <LoadedRollout rollout={query.data} hold={hold} />
  if (query.error !== null) {
    return <FailureNotice title="The rollout could not be loaded" failure={controlFailure(query.error)} />
  }
  return <Skeleton what="The rollout" rows={5} />
}

interface LoadedRolloutProps {
  readonly rollout: RolloutView
  readonly hold: Parameters<typeof RolloutSection>[0]['hold']
}

function LoadedRollout({ rollout, hold }: LoadedRolloutProps) {
  const [done, setDone] = useState('')
  const { candidate, model } = rollout
  const open = rollout.endedAt === null
  return (
    <div className="grid gap-4 max-md:pb-20">
      <PageTitle>{`${model} v${candidate.number}`}</PageTitle>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-semibold text-title">
          {model} <span className="sr-only">v{candidate.number}, rollout</span>
        </h1>
        <VersionChip model={model} version={candidate} shownAs={open ? 'candidate' : 'none'} />
        <Badge look={rolloutLook(rollout)}>{rolloutWords(rollout)}</Badge>
        <Link href={modelHref(model)} className="link ml-auto text-second">
          All of {model}
        </Link>
      </header>
      {done !== '' && <DoneLine sentence={done} onClose={() => setDone('')} />}
      <RolloutSection key={rollout.id} rollout={rollout} hold={hold} onDone={setDone} />
    </div>
  )
}
