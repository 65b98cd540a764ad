import type { PromotionView } from '@understudy/api/views'
import { ArrowRight } from 'lucide-react'
import { EmptyState } from '../components/empty-state.tsx'
import { Panel } from '../components/panel.tsx'
import { Person } from '../components/person.tsx'
import { ClockTime } from '../components/time.tsx'
import { KIND_WORDS } from '../states.tsx'
import { flatText } from '../text/plain-text.ts'

/** Each time `live` moved: from, to, who let it and why. */
export function PromotionsPanel({ promotions }: { readonly promotions: readonly PromotionView[] }) {
  const newest = [...promotions].sort((one, other) => other.generation - one.generation)
  return (
    <Panel
      title="What was live"
      note={`${promotions.length} ${promotions.length === 1 ? 'change' : 'changes'}`}
    >
      {newest.length === 0 ? (
        <EmptyState title="Nothing has been live yet." />
      ) : (
        <table className="cells-named w-full text-second">
          <thead className="border-b bg-sunken text-ink-2">
            <tr className="h-8">
              <th scope="col" className="pr-3 pl-4">
                Change
              </th>
              <th scope="col" className="pr-3">
                How
              </th>
              <th scope="col" className="pr-3">
                Who
              </th>
              <th scope="col" className="pr-3">
                Why
              </th>
              <th scope="col" className="pr-3">
                When
              </th>
              <th scope="col" className="pr-4 text-end">
                Generation
              </th>
            </tr>
          </thead>
          <tbody className="md:divide-y">
            {newest.map((promotion) => (
              <PromotionRow key={promotion.generation} promotion={promotion} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function PromotionRow({ promotion }: { readonly promotion: PromotionView }) {
  const { from, to, kind, actor, reason, at, generation } = promotion
  return (
    <tr className="md:h-9 md:[&>*]:py-1.5">
      <th scope="row" className="pr-3 pl-4 md:w-28">
        <span className="inline-flex items-center gap-1.5">
          <span className="text-ink-2">{from === null ? 'none' : `v${from}`}</span>
          <ArrowRight aria-label="to" size={12} className="text-ink-3" />
          <span className="font-semibold">v{to}</span>
        </span>
      </th>
      <td data-name="How" className="whitespace-nowrap pr-3">
        {KIND_WORDS[kind].en}
      </td>
      <td data-name="Who" className="pr-3">
        <Person name={actor} />
      </td>
      <td data-name="Why" className="wrap-anywhere pr-3 text-ink-2">
        {reason === null ? '–' : flatText(reason)}
      </td>
      <td data-name="When" className="whitespace-nowrap pr-3">
        <ClockTime at={at} day />
      </td>
      <td data-name="Generation" className="pr-4 text-end">
        {generation}
      </td>
    </tr>
  )
}
