import type { EvidenceView } from '@understudy/api/views'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'
import { times } from './times.ts'

const HEAD = ['OUTPUT', 'AT', 'SOURCE', 'UP', 'DOWN', 'NEITHER', 'DIFFERS']

/** Which way rows went over the thresholds of outputs, and who is meant by up and down; no line where no output has a threshold. */
export function flipLines({
  candidate,
  baseline,
  analysis: { flips },
}: Pick<EvidenceView, 'candidate' | 'baseline' | 'analysis'>): readonly string[] {
  if (flips.length === 0) return []
  const table = new Table({ ...BORDERLESS, head: HEAD })
  for (const { output, threshold, source, up, down, neither, logDiffers } of flips) {
    table.push([
      output,
      threshold === null ? '' : String(threshold),
      source,
      ...[up, down, neither].map(String),
      times(logDiffers),
    ])
  }
  const before = baseline === null ? 'the version before' : `v${baseline}`
  return [
    `rows over the threshold (shown): UP only in v${candidate}, DOWN only in ${before}`,
    table.toString(),
    '',
  ]
}
