'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { LiveAtView } from '@understudy/api/views'
import Link from 'next/link'
import { useId } from 'react'
import { Button } from '../components/button.tsx'
import { FailureNotice } from '../components/notice.tsx'
import { Person } from '../components/person.tsx'
import { ClockTime } from '../components/time.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { modelHref } from '../shell/breadcrumb.ts'
import { KIND_WORDS } from '../states.tsx'
import { counted } from '../text/numbers.ts'
import { exactTime } from '../text/relative-time.ts'
import { useTRPC } from '../trpc/client.ts'
import { controlFailure } from '../trpc/control-error.ts'
import { MomentField } from './moment-field.tsx'

const MINUTE_MS = 60_000

interface LiveAtProps {
  readonly at: Date
  readonly onAt: (at: Date) => void
}

/** Which version answered at a moment, and who let it. */
export function LiveAt({ at, onAt }: LiveAtProps) {
  const id = useId()
  const answer = useQuery({
    ...useTRPC().liveAt.queryOptions({ at }),
    placeholderData: keepPreviousData,
  })
  const shift = (ms: number) => onAt(new Date(at.getTime() + ms))
  return (
    <section aria-labelledby={`${id}-title`} className="rounded-panel border bg-surface">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 px-4 py-3">
        <div>
          <h2 id={`${id}-title`} className="font-semibold text-lead">
            What was live at
          </h2>
          <p className="text-ink-2 text-second">Any moment since the first promotion</p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <MomentField at={at} onAt={onAt} labelledBy={`${id}-title`} />
          <Button onClick={() => shift(-MINUTE_MS)}>−1 min</Button>
          <Button onClick={() => shift(MINUTE_MS)}>+1 min</Button>
        </div>
      </div>
      {answer.error !== null && (
        <div className="px-4 pb-3">
          <FailureNotice title="The record could not be read" failure={controlFailure(answer.error)} />
        </div>
      )}
      {answer.data !== undefined && <Answer answer={answer.data} />}
    </section>
  )
}

function Answer({ answer }: { readonly answer: LiveAtView }) {
  const { models } = answer
  return (
    <>
      <p className="border-t bg-sunken px-4 py-2.5">
        <strong className="font-semibold">At {exactTime(new Date(answer.at))}</strong>{' '}
        {models.length === 0 ? 'nothing was live.' : `${counted(models.length, 'model')} had a live version.`}
      </p>
      {models.length > 0 && (
        <table className="cells-named w-full border-t">
          <thead className="text-ink-2 text-second">
            <tr className="h-8 border-b">
              <th scope="col" className="pr-4 pl-4">
                Model
              </th>
              <th scope="col" className="pr-4">
                Answered
              </th>
              <th scope="col" className="pr-4">
                Live from
              </th>
              <th scope="col" className="pr-4">
                Who let it
              </th>
              <th scope="col" className="pr-4">
                How
              </th>
            </tr>
          </thead>
          <tbody className="md:divide-y">
            {models.map((each) => (
              <tr key={each.model} className="md:h-10">
                <th scope="row" className="pr-4 pl-4">
                  <Link href={modelHref(each.model)} className="font-semibold hover:underline">
                    {each.model}
                  </Link>
                </th>
                <td data-name="Answered" className="pr-4">
                  <VersionChip model={each.model} version={each} shownAs="none" />
                </td>
                <td data-name="Live from" className="pr-4">
                  <ClockTime at={each.since} day />
                </td>
                <td data-name="Who let it" className="pr-4">
                  <Person name={each.actor} />
                </td>
                <td data-name="How" className="pr-4 text-ink-2">
                  {kindWords(each.kind)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function kindWords(kind: string): string {
  return Object.entries(KIND_WORDS).find(([code]) => code === kind)?.[1].en ?? kind
}
