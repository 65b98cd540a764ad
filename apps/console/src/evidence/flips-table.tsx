import type { FlipsView } from '@understudy/api/views'
import { count, times } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { FiguresTable } from './figures-table.tsx'
import type { Pairing } from './gate-words.ts'

interface FlipsTableProps {
  readonly flips: readonly FlipsView[]
  readonly pairing: Pairing
}

/** Which way rows went over the thresholds of outputs. A disagreement counts either way, so no gauge shows it. */
export function FlipsTable({ flips, pairing }: FlipsTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section aria-label="Over the threshold" tabIndex={0} className="overflow-x-auto border-t py-2.5">
      <h3 className="px-4 pb-1 font-medium text-second">Rows over the threshold, shown only</h3>
      <FiguresTable
        caption="Rows that only one version puts at or above the threshold of an output, and the e-value against as many going up as down."
        of="Output"
        heads={[
          `Up: only v${pairing.candidate}`,
          `Down: only v${pairing.baseline ?? '?'}`,
          'Neither',
          'Differs',
        ]}
        rows={flips.map(({ output, threshold, source, up, down, neither, logDiffers }) => ({
          key: `${output} ${source}`,
          name: (
            <>
              {flatText(output, 24)}
              {threshold !== null && ` ≥ ${threshold}`}
              {source === 'replay' && <span className="text-ink-3"> replayed requests</span>}
            </>
          ),
          figures: [count(up), count(down), count(neither), times(logDiffers)],
        }))}
      />
      <p className="px-4 pt-1 text-ink-2 text-second">
        If as many went up as down, at most 1 rollout in 20 would ever reach {times(Math.log(20))}.
      </p>
    </section>
  )
}
