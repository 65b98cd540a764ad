'use client'

import { useQuery } from '@tanstack/react-query'
import type { ModelView } from '@understudy/api/views'
import { useState } from 'react'
import { FailureNotice } from '../components/notice.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { RolloutSection } from '../rollout/rollout-section.tsx'
import { PageTitle } from '../shell/page-title.tsx'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { DoneLine } from './done-line.tsx'
import { ModelHeader } from './model-header.tsx'
import { modelTitle } from './model-title.ts'
import { PolicyPanel, SignaturePanel } from './policy-panel.tsx'
import { PromotionsPanel } from './promotions-panel.tsx'
import { QualityPanel } from './quality-panel.tsx'
import { StandingLines } from './standing-lines.tsx'
import { VersionsPanel } from './versions-panel.tsx'

/** One model: what is live, what is tried, what was, and by which rules. */
export function ModelPage({ name }: { readonly name: string }) {
  const query = useQuery(useTRPC().model.queryOptions({ name }))
  if (query.data !== undefined) return <LoadedModel model={query.data} />
  if (query.error !== null) {
    return <FailureNotice title={`${name} could not be loaded`} failure={controlFailure(query.error)} />
  }
  return <Skeleton what={name} rows={6} />
}

function LoadedModel({ model }: { readonly model: ModelView }) {
  const [done, setDone] = useState('')
  const { rollout } = model
  const history = (
    <>
      <VersionsPanel model={model} onDone={setDone} />
      <QualityPanel model={model.name} />
      <PromotionsPanel promotions={model.promotions} />
    </>
  )
  const rules = (
    <>
      <PolicyPanel model={model} />
      {model.signature !== null && <SignaturePanel signature={model.signature} />}
    </>
  )
  return (
    <div className="grid gap-4 max-md:pb-20">
      <PageTitle>{modelTitle(model)}</PageTitle>
      <ModelHeader model={model} onDone={setDone} />
      {done !== '' && <DoneLine sentence={done} onClose={() => setDone('')} />}
      <StandingLines model={model} />
      {rollout !== null && (
        <RolloutSection key={model.name} rollout={rollout} hold={model.hold} onDone={setDone} />
      )}
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_328px]">
        <div className="grid min-w-0 gap-4">{history}</div>
        <div className="grid gap-4">{rules}</div>
      </div>
    </div>
  )
}
