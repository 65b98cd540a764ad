import type { AnalysisView } from '@understudy/api/views'
import { cn } from '../components/cn.ts'
import { Fact, Facts } from '../components/panel.tsx'
import { count, counted, percent, times } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { durationWords, stepWords } from './evidence-words.ts'
import { GATE_NAMES } from './gate-words.ts'

/** What the gauges do not show: how far each step is, when it decides, how much of the traffic it speaks for, and who stands out. */
export function EvidenceFacts({ analysis }: { readonly analysis: AnalysisView }) {
  const { steps, secondsToDecision, coverage, calibration, segments, attempt } = analysis
  return (
    <div className="border-t">
      <Facts>
        {steps.length > 1 && (
          <Fact name="Pairs by step">
            {steps.map(({ step, pairs }) => `${stepWords(step)} ${count(pairs)}`).join(' · ')}
          </Fact>
        )}
        {secondsToDecision !== null && (
          <Fact name="Decides">in about {durationWords(secondsToDecision)} at the present rate</Fact>
        )}
        {coverage !== null && (
          <Fact name="Sampled">
            {percent(coverage.meanShare)} % of requests, {percent(coverage.busyShare)} % in the busiest
            minutes
          </Fact>
        )}
        {calibration !== null && (
          <Fact name="A/A of run times">
            <span className={cn(!calibration.healthy && 'text-bad')}>
              {counted(calibration.pairs, 'pair')}, {percent(calibration.noiseShare)} % differ by chance
              {calibration.healthy ? '' : ': it prefers a side, do not trust the latency gate'}
            </span>
          </Fact>
        )}
        {attempt > 1 && <Fact name="Attempt">{attempt}: judged more strictly than the first</Fact>}
      </Facts>
      {segments.length > 0 && <Segments segments={segments} />}
    </div>
  )
}

function Segments({ segments }: Pick<AnalysisView, 'segments'>) {
  return (
    <section aria-label="Segments" className="border-t px-4 py-2.5">
      <h3 className="font-medium text-second">Segments, shown only</h3>
      <ul className="mt-1 text-second">
        {segments.map((segment) => (
          <li
            key={`${segment.segment} ${segment.gate} ${segment.source}`}
            className="flex flex-wrap gap-x-3 py-0.5"
          >
            <span className="min-w-24 font-mono">
              {segment.segment === '' ? '(none)' : flatText(segment.segment, 40)}
            </span>
            <span className="text-ink-2">
              {GATE_NAMES[segment.gate]}: {counted(segment.pairs, 'pair')}, worse {count(segment.nPlus)},
              better {count(segment.nMinus)}, harm {times(segment.logHarm)}
            </span>
            {segment.flagged && <span className="font-medium text-bad">stands out</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}
