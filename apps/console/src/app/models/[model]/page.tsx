import { HydrationBoundary } from '@tanstack/react-query'
import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { ModelPage } from '../../../model/model-page.tsx'
import { modelTitle } from '../../../model/model-title.ts'
import { dehydrated, prefetch, requestQueryClient, serverControl } from '../../../trpc/prefetch.ts'

interface PageProps {
  readonly params: Promise<{ readonly model: string }>
}

async function load({ params }: PageProps) {
  const name = decodeURIComponent((await params).model)
  const options = serverControl().model.queryOptions({ name })
  return { name, answer: await prefetch(() => requestQueryClient().fetchQuery(options)) }
}

export async function generateMetadata(props: PageProps): Promise<Metadata> {
  const { name, answer } = await load(props)
  return { title: answer.state === 'here' ? modelTitle(answer.data) : name }
}

export default async function Page(props: PageProps) {
  const { name, answer } = await load(props)
  if (answer.state === 'missing') notFound()
  return (
    <HydrationBoundary state={dehydrated()}>
      <ModelPage name={name} />
    </HydrationBoundary>
  )
}
