'use client'

import type { AnalysisView } from '@understudy/api/views'
import { Table2 } from 'lucide-react'
import { useId, useState } from 'react'
import { Panel } from '../components/panel.tsx'
import { count, counted, times } from '../text/numbers.ts'
import { EvidenceFacts } from './evidence-facts.tsx'
import { EvidenceTable } from './evidence-table.tsx'
import { FlipsTable } from './flips-table.tsx'
import { GateRow } from './gate-row.tsx'
import type { Pairing } from './gate-words.ts'

interface EvidencePanelProps {
  readonly analysis: AnalysisView
  readonly pairing: Pairing
}

/** All gates of the analysis with their gauges; the numbers behind them on demand. */
export function EvidencePanel({ analysis, pairing }: EvidencePanelProps) {
  const [open, setOpen] = useState(false)
  const table = useId()
  // Those that decide come first.
  const gates = [...analysis.gates].sort((one, other) => Number(other.decides) - Number(one.decides))
  const passAt = gates[0]?.logPassAt
  const toggle = (
    <button
      type="button"
      aria-expanded={open}
      aria-controls={table}
      onClick={() => setOpen(!open)}
      className="inline-flex min-h-6 items-center gap-1.5 text-second text-ink-2 touch:min-h-11"
    >
      <Table2 aria-hidden size={14} />
      <span className="link">{open ? 'Hide table' : 'Table'}</span>
    </button>
  )
  return (
    <Panel
      title="Evidence"
      note={`${sourcesOf(analysis)} · ${counted(analysis.pairs, 'pair')} · log scale`}
      end={toggle}
    >
      <ul>
        {gates.map((gate) => (
          <GateRow key={`${gate.gate} ${gate.source}`} gate={gate} pairing={pairing} />
        ))}
      </ul>
      <EvidenceFacts analysis={analysis} />
      {analysis.flips.length > 0 && <FlipsTable flips={analysis.flips} pairing={pairing} />}
      {passAt !== undefined && (
        <p className="border-t bg-sunken px-4 py-2.5 text-second text-ink-2 last:rounded-b-panel">
          <strong className="font-semibold text-ink">How to read it:</strong> if v{pairing.candidate} were
          worse than its margin, at most 1 rollout in {count(Math.exp(passAt))} would ever reach “pass{' '}
          {times(passAt)}”, however often you look.
        </p>
      )}
      <div id={table} hidden={!open}>
        {open && <EvidenceTable gates={gates} />}
      </div>
    </Panel>
  )
}

function sourcesOf({ gates }: AnalysisView): string {
  return gates.some(({ source }) => source === 'replay')
    ? 'live traffic and replayed requests'
    : 'live traffic'
}
