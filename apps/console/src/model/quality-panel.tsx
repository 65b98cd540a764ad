'use client'

import { useQuery } from '@tanstack/react-query'
import type { QualityCurveView, QualityView } from '@understudy/api/views'
import { Notice } from '../components/notice.tsx'
import { Panel } from '../components/panel.tsx'
import { count, counted, percent } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { useTRPC } from '../trpc/client.ts'

/** What reported outcomes say of each version, day by day, and how much of the traffic they speak for. Nothing where none are asked for. */
export function QualityPanel({ model }: { readonly model: string }) {
  const { data: quality } = useQuery(useTRPC().quality.queryOptions({ model }))
  if (quality === undefined || quality === null) return null
  const { coverage, output, loss } = quality
  const what = loss === 'zeroOne' ? 'wrong answers' : 'mean loss'
  return (
    <Panel
      title="Quality by outcomes"
      note={`${what} of ${flatText(output, 40)} · ${coverageWords(coverage)}`}
    >
      {coverage.warning !== null && (
        <div className="px-4 pt-3">
          <Notice tone="warn" title="Not every outcome is known">
            {coverage.warning}
          </Notice>
        </div>
      )}
      {quality.versions.length === 0 ? (
        <p className="px-4 py-3 text-ink-2">No outcome was reported yet: POST /v1/outcomes on a node.</p>
      ) : (
        <Curves quality={quality} />
      )}
      {quality.contradictions.length > 0 && <Contradictions quality={quality} />}
    </Panel>
  )
}

function coverageWords({ kept, reported }: QualityView['coverage']): string {
  return `${count(reported)} known of ${counted(kept, 'kept answer')}`
}

function Curves({ quality }: { readonly quality: QualityView }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section aria-label="Loss by day" tabIndex={0} className="overflow-x-auto">
      <table className="w-full text-second">
        <caption className="sr-only">Mean loss of each version by day</caption>
        <thead className="text-ink-2">
          <tr className="h-8">
            {['Version', 'Day', 'Outcomes', 'Loss'].map((head) => (
              <th key={head} scope="col" className="px-4 text-start">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {quality.versions.flatMap((version) =>
            version.days.map((day, index) => (
              <tr key={`${version.number} ${day.day}`} className="h-9 border-t">
                <th scope="row" className="px-4 text-start">
                  {index === 0 && <VersionName version={version} />}
                </th>
                <td className="px-4">{day.day}</td>
                <td className="px-4">{count(day.count)}</td>
                <td className="px-4">{percent(day.meanLoss)} %</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  )
}

function VersionName({ version }: { readonly version: QualityCurveView }) {
  return (
    <>
      v{version.number}
      {version.alarm && <span className="ml-2 font-medium text-bad">worse than in its rollout</span>}
    </>
  )
}

function Contradictions({ quality }: { readonly quality: QualityView }) {
  return (
    <section aria-label="Contradictions" className="border-t px-4 py-2.5 text-second">
      <h3 className="font-medium">Reported twice, differently. The first report counts.</h3>
      <ul className="mt-1">
        {quality.contradictions.slice(0, 5).map(({ requestId, counts, said, reportedBy, at }) => (
          <li key={`${requestId} ${said} ${at}`} className="flex flex-wrap gap-x-3 py-0.5">
            <span className="font-mono">{flatText(requestId, 40)}</span>
            <span className="text-ink-2">
              {flatText(counts, 40)}, later {flatText(said, 40)}, by {flatText(reportedBy, 40)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
