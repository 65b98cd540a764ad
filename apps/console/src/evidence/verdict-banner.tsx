import type { AnalysisView } from '@understudy/api/views'
import { cn } from '../components/cn.ts'
import { StateIcon, TEXT_TONE } from '../components/look.tsx'
import { Prose } from '../components/prose.tsx'
import { MomentTime } from '../components/time.tsx'
import { type Tone, VERDICT_LOOKS } from '../states.tsx'
import { counted, percent } from '../text/numbers.ts'
import { bannerWords, shownVerdict } from './verdict-words.ts'

const GROUND: Readonly<Record<Tone, string>> = {
  ink: 'border-line-strong bg-surface',
  mute: 'border-line-strong bg-sunken',
  cand: 'border-cand-line bg-cand-soft',
  ok: 'border-ok-line bg-ok-soft',
  warn: 'border-warn-line bg-warn-soft',
  bad: 'border-bad-line bg-bad-soft',
}

/** The verdict as one sentence, then when and on how many pairs. */
export function VerdictBanner({ analysis }: { readonly analysis: AnalysisView }) {
  const look = VERDICT_LOOKS[shownVerdict(analysis)]
  const { title, detail } = bannerWords(analysis)
  const lostShare = analysis.admitted === 0 ? 0 : analysis.lost / analysis.admitted
  return (
    <section
      aria-label="Verdict"
      className={cn('flex gap-3 rounded-panel border px-4 py-3', GROUND[look.tone])}
    >
      <span className={cn('pt-px', TEXT_TONE[look.tone])}>
        <StateIcon look={look} size={20} />
      </span>
      <div className="min-w-0">
        <p className="font-semibold text-lead">
          <Prose>{title}</Prose>
        </p>
        {detail !== '' && (
          <p className="mt-0.5">
            <Prose>{detail}</Prose>
          </p>
        )}
        <p className="mt-0.5 text-second text-ink-2">
          {counted(analysis.pairs, 'pair')}
          {analysis.pairs < analysis.minPairs &&
            ` of at least ${counted(analysis.minPairs, 'pair').replace(/ pairs?$/, '')}`}
          {analysis.updatedAt !== null && (
            <>
              , the last at <MomentTime at={analysis.updatedAt} />
            </>
          )}
          {analysis.admitted > 0 && `. Pairs lost: ${analysis.lost} (${percent(lostShare)} %).`}
        </p>
      </div>
    </section>
  )
}
