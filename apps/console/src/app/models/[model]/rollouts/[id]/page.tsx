import { HydrationBoundary } from '@tanstack/react-query'
import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { RolloutPage } from '../../../../../rollout/rollout-page.tsx'
import { dehydrated, prefetch, requestQueryClient, serverControl } from '../../../../../trpc/prefetch.ts'

interface PageProps {
  readonly params: Promise<{ readonly model: string; readonly id: string }>
}

async function load({ params }: PageProps) {
  const { model, id } = await params
  const name = decodeURIComponent(model)
  const options = serverControl().rollout.queryOptions({ id: decodeURIComponent(id) })
  return { name, id, answer: await prefetch(() => requestQueryClient().fetchQuery(options)) }
}

export async function generateMetadata(props: PageProps): Promise<Metadata> {
  const { name, answer } = await load(props)
  return { title: answer.state === 'here' ? `${name} v${answer.data.candidate.number}` : name }
}

export default async function Page(props: PageProps) {
  const { name, id, answer } = await load(props)
  const elsewhere = answer.state === 'here' && answer.data.model !== name
  if (answer.state === 'missing' || elsewhere) notFound()
  return (
    <HydrationBoundary state={dehydrated()}>
      <RolloutPage model={name} id={decodeURIComponent(id)} />
    </HydrationBoundary>
  )
}
