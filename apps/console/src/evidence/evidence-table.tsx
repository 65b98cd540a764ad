import type { GateView } from '@understudy/api/views'
import { VERDICT_LOOKS } from '../states.tsx'
import { count, percent, times } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'
import { FiguresTable } from './figures-table.tsx'
import { GATE_NAMES, propertyWords } from './gate-words.ts'

const HEADS = ['Worse', 'Alike', 'Better', 'Safe', 'Harm', 'Pass at', 'Fail at', 'Margin', 'Bound']

/** The counters and e-values of each gate: whatever the gauges show can be read and computed again. */
export function EvidenceTable({ gates }: { readonly gates: readonly GateView[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section aria-label="Counters" tabIndex={0} className="overflow-x-auto border-t">
      <FiguresTable
        caption="Counters of pairs and e-values of each gate. Worse: only the candidate failed, or the answers differ."
        of="Gate"
        heads={HEADS}
        rows={gates.map((gate) => ({
          key: `${gate.gate} ${gate.source}`,
          name: (
            <>
              {GATE_NAMES[gate.gate]}{' '}
              <span className="text-ink-3">{flatText(propertyWords(gate) || gate.source, 24)}</span>
              <span className="sr-only">, {VERDICT_LOOKS[gate.verdict].word.en}</span>
            </>
          ),
          figures: figuresOf(gate),
        }))}
      />
    </section>
  )
}

function figuresOf(gate: GateView): readonly string[] {
  return [
    count(gate.nPlus),
    count(gate.nZero),
    count(gate.nMinus),
    times(gate.logSafe),
    times(gate.logHarm),
    times(gate.logPassAt),
    times(gate.logFailAt),
    `${percent(gate.margin)} %`,
    gate.bound === null ? '–' : `${percent(gate.bound)} %`,
  ]
}
