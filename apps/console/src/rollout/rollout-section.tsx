'use client'

import type { ModelView, RolloutView } from '@understudy/api/views'
import { cn } from '../components/cn.ts'
import { Mark } from '../components/look.tsx'
import { EvidencePanel } from '../evidence/evidence-panel.tsx'
import { VerdictBanner } from '../evidence/verdict-banner.tsx'
import { bannerWords } from '../evidence/verdict-words.ts'
import { Announce } from '../live/announce.tsx'
import { rolloutLook, rolloutWords } from '../states.tsx'
import { DecideBar } from './decide-bar.tsx'
import { DecisionPanel } from './decision-panel.tsx'
import { OutcomePanel } from './outcome-panel.tsx'
import { PairExamples } from './pair-examples.tsx'
import { RolloutHead } from './rollout-head.tsx'
import { StepRail } from './step-rail.tsx'
import { useDecisionBasis } from './use-decision-basis.ts'
import { useDraft } from './use-draft.ts'
import { VariantPanel } from './variant-panel.tsx'

interface RolloutSectionProps {
  readonly rollout: RolloutView
  readonly hold: ModelView['hold']
  readonly onDone: (sentence: string) => void
}

/** One rollout: its way, its verdict, its evidence, its pairs, and beside them the decision. */
export function RolloutSection({ rollout, hold, onDone }: RolloutSectionProps) {
  const basis = useDecisionBasis(rollout, useDraft(`decision.${rollout.model}`))
  const { shown, changes } = basis
  const open = shown.endedAt === null
  const pairing = { candidate: shown.candidate.number, baseline: shown.baseline?.number ?? null }
  const verdict = rollout.analysis === null ? '' : `. ${bannerWords(rollout.analysis).title}`
  return (
    <div className="grid gap-4">
      <Announce sentence={`v${rollout.candidate.number}: ${rolloutWords(rollout)}${verdict}`} />
      <section aria-labelledby="rollout-title" className="rounded-panel border bg-surface">
        <RolloutHead rollout={shown} />
        <StepRail rollout={shown} />
      </section>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_328px]">
        {/* What no longer holds stays to be compared, in grey. */}
        <div className={cn('grid min-w-0 gap-4', changes.length > 0 && 'grayscale')}>
          {shown.analysis === null ? (
            <NoEvidence rollout={shown} />
          ) : (
            <>
              <VerdictBanner analysis={shown.analysis} />
              <EvidencePanel analysis={shown.analysis} pairing={pairing} />
              {shown.variant !== null && (
                <VariantPanel variant={shown.variant} number={shown.candidate.number} />
              )}
              <PairExamples examples={shown.examples} pairing={pairing} />
            </>
          )}
        </div>
        <div className="xl:sticky xl:top-16">
          {open ? (
            <DecisionPanel model={shown.model} hold={hold} basis={basis} onDone={onDone} />
          ) : (
            <OutcomePanel rollout={shown} onDone={onDone} />
          )}
        </div>
      </div>
      {open && <DecideBar rollout={shown} />}
    </div>
  )
}

const WITHOUT_EVIDENCE: Readonly<Record<RolloutView['kind'], string>> = {
  first:
    'A first version needs no evidence: golden samples and warm-up are its test, since nothing is live to compare it with.',
  immediate:
    'The policy says immediate: golden samples and warm-up are the test, and no evidence is collected.',
  returning: 'A proven version returns at once: its evidence was collected when it first went live.',
  rehearsal: 'A rehearsal collects evidence in shadow and never goes live.',
  evidence: 'Evidence begins with the first pair in shadow: the same request, run by both versions.',
}

function NoEvidence({ rollout }: { readonly rollout: RolloutView }) {
  return (
    <section aria-label="Evidence" className="rounded-panel border bg-surface px-4 py-4">
      <Mark look={rolloutLook(rollout)}>{rolloutWords(rollout)}</Mark>
      <p className="mt-1 max-w-2xl text-ink-2">{WITHOUT_EVIDENCE[rollout.kind]}</p>
    </section>
  )
}
