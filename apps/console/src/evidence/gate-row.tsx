import type { GateView } from '@understudy/api/views'
import { Mark, StateIcon, TEXT_TONE } from '../components/look.tsx'
import { VERDICT_LOOKS } from '../states.tsx'
import { flatText } from '../text/plain-text.ts'
import { EvidenceGauge, MiniGauge } from './evidence-gauge.tsx'
import { boundWords, countWords, GATE_NAMES, marginWords, type Pairing, propertyWords } from './gate-words.ts'

interface GateRowProps {
  readonly gate: GateView
  readonly pairing: Pairing
}

/** One question of the analysis: verdict, name and margin | gauge | the bound in words over its counts. */
export function GateRow({ gate, pairing }: GateRowProps) {
  return (
    <li className="grid items-center gap-x-6 gap-y-2 border-t px-4 py-3 first:border-t-0 md:grid-cols-[132px_minmax(0,1fr)_204px]">
      <div className="min-w-0">
        <Mark look={VERDICT_LOOKS[gate.verdict]} className="text-second" />
        <h3 className="font-semibold">{GATE_NAMES[gate.gate]}</h3>
        <p className="text-ink-2 text-second">
          {marginWords(gate)}
          {propertyWords(gate) !== '' && (
            <span className="text-ink-3"> · {flatText(propertyWords(gate), 24)}</span>
          )}
          {gate.source === 'replay' && <span className="text-ink-3"> · replayed requests</span>}
        </p>
      </div>
      <EvidenceGauge gate={gate} />
      <div className="min-w-0">
        <p className="font-medium">{boundWords(gate)}</p>
        <p className="text-ink-2 text-second">{countWords(gate, pairing)}</p>
      </div>
    </li>
  )
}

/** A gate within a line of a list. */
export function MiniGate({ gate }: { readonly gate: GateView }) {
  const look = VERDICT_LOOKS[gate.verdict]
  return (
    <div className="w-24">
      <p className="flex items-center justify-between text-ink-2 text-micro">
        {gate.gate === 'disagreement' ? 'Disagree' : GATE_NAMES[gate.gate]}
        <span className={TEXT_TONE[look.tone]}>
          <StateIcon look={look} size={12} />
          <span className="sr-only">{look.word.en}</span>
        </span>
      </p>
      <MiniGauge gate={gate} />
    </div>
  )
}
