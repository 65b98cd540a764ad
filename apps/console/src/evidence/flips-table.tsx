import type { FlipsView } from '@understudy/api/views'
import { count, times } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import type { Pairing } from './gate-words.ts'

interface FlipsTableProps {
  readonly flips: readonly FlipsView[]
  readonly pairing: Pairing
}

/** Which way rows went over the thresholds of outputs. A disagreement counts either way, so no gauge shows it. */
export function FlipsTable({ flips, pairing }: FlipsTableProps) {
  const heads = [
    `Up: only v${pairing.candidate}`,
    `Down: only v${pairing.baseline ?? '?'}`,
    'Neither',
    'Differs',
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section aria-label="Over the threshold" tabIndex={0} className="overflow-x-auto border-t py-2.5">
      <h3 className="px-4 font-medium text-second">Rows over the threshold, shown only</h3>
      <table className="mt-1 w-full text-second">
        <caption className="sr-only">
          Rows that only one version puts at or above the threshold of an output, and the e-value against as
          many going up as down.
        </caption>
        <thead className="text-ink-2">
          <tr className="h-8">
            <th scope="col" className="px-4">
              Output
            </th>
            {heads.map((head) => (
              <th key={head} scope="col" className="whitespace-nowrap px-2 text-end last:pr-4">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {flips.map(({ output, source, up, down, neither, logDiffers }) => (
            <tr key={`${output} ${source}`} className="h-9 border-t">
              <th scope="row" className="whitespace-nowrap px-4">
                {flatText(output, 24)}
                {source === 'replay' && <span className="text-ink-3"> replayed requests</span>}
              </th>
              {[count(up), count(down), count(neither), times(logDiffers)].map((value, index) => (
                <td key={heads[index]} className="whitespace-nowrap px-2 text-end last:pr-4">
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="px-4 pt-1 text-ink-2 text-second">
        If as many went up as down, at most 1 rollout in 20 would ever reach {times(Math.log(20))}.
      </p>
    </section>
  )
}
