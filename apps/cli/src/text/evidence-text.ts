import type {
  AnalysisView,
  EvidenceView,
  GateView,
  RecomputedVerdict,
  SegmentView,
} from '@understudy/api/views'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'
import { flipLines } from './flips-text.ts'
import { times } from './times.ts'

function gateRow(gate: GateView): readonly string[] {
  const shown = gate.decides ? '' : ' (shown)'
  return [
    ...[`${gate.gate}${shown}`, gate.source, gate.property, gate.verdict],
    ...[gate.nPlus, gate.nZero, gate.nMinus].map(String),
    ...[times(gate.logSafe), times(gate.logPassAt), times(gate.logHarm), times(gate.logFailAt)],
    gate.boundText,
  ]
}

const HEAD = [
  ...['GATE', 'SOURCE', 'PROPERTY', 'SAYS', 'WORSE', 'ALIKE', 'BETTER'],
  ...['SAFE', 'PASS AT', 'HARM', 'FAIL AT', 'BOUND'],
]

function gatesTable({ gates }: AnalysisView): string {
  const table = new Table({ ...BORDERLESS, head: HEAD })
  for (const gate of gates) table.push([...gateRow(gate)])
  return table.toString()
}

function verdictLine({ seq, at, stored, recomputed, same }: RecomputedVerdict): string {
  const when = at.slice(0, 19).replace('T', ' ')
  if (recomputed === null) {
    return `verdict ${seq} of ${when}: stored as ${stored} by an earlier release, without the counters to compute it again`
  }
  return same
    ? `verdict ${seq} of ${when}: computed again from the stored counters, the same verdict: ${stored}`
    : `verdict ${seq} of ${when}: stored as ${stored}, but the stored counters give ${recomputed}`
}

function segmentLine({ segment, gate, pairs, nPlus, nMinus, logHarm, flagged }: SegmentView): string {
  const name = segment === '' ? '(none)' : segment
  const mark = flagged ? ', STANDS OUT' : ''
  return `segment ${name}, ${gate}: ${pairs} pairs, worse ${nPlus}, better ${nMinus}, harm ${times(logHarm)}${mark}`
}

function factLines(analysis: AnalysisView): readonly string[] {
  const { steps, coverage, calibration, admitted, lost, secondsToDecision } = analysis
  const lines = [`pairs by step: ${steps.map(({ step, pairs }) => `${step} ${pairs}`).join(', ')}`]
  lines.push(`pairs lost by the platform: ${lost} of ${admitted}`)
  if (coverage !== null) {
    const [mean, busy] = [coverage.meanShare, coverage.busyShare].map((share) => (100 * share).toFixed(1))
    lines.push(`sampled: ${mean} % of requests, ${busy} % in the busiest minutes`)
  }
  if (calibration !== null) {
    const { pairs, healthy, noiseShare } = calibration
    const says = healthy ? 'healthy' : 'PREFERS A SIDE: do not trust the latency gate'
    lines.push(`A/A of run times: ${pairs} pairs, noise ${(100 * noiseShare).toFixed(1)} %, ${says}`)
  }
  if (secondsToDecision !== null) lines.push(`decides in about ${secondsToDecision} s at this rate`)
  return lines
}

function outcomeLines(outcomes: EvidenceView['outcomes']): readonly string[] {
  if (outcomes === null) return []
  const { kept, reported, scored, contradicted, warning } = outcomes
  const counts = `outcomes: ${reported} reported of ${kept} predictions kept, ${scored} scored, ${contradicted} contradicted`
  return warning === null ? [counts] : [counts, warning]
}

/** Evidence of one rollout as text: what is said, the counters and e-values it rests on, and that they give the stored verdict. */
export function evidenceText(evidence: EvidenceView): string {
  const { model, candidate, baseline, analysis, verdicts, outcomes } = evidence
  const against = baseline === null ? 'nothing' : `v${baseline}`
  return [
    `${model} v${candidate} against ${against}, attempt ${analysis.attempt}`,
    analysis.summary,
    '',
    gatesTable(analysis),
    '',
    ...flipLines(evidence),
    ...factLines(analysis),
    ...outcomeLines(outcomes),
    ...analysis.segments.map(segmentLine),
    ...(verdicts.length === 0 ? ['no verdict yet'] : verdicts.map(verdictLine)),
  ].join('\n')
}
