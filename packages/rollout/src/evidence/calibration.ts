import { addCounters, type Counters, type PropertyCounters, pairsOf } from './counters.ts'
import { addEdges } from './edge-counters.ts'
import { edgeOf } from './latency-edges.ts'
import { logEOfDifference, logMeanExp } from './log-e.ts'

/** What the comparator of run times says when it has the same version on both sides. */
export interface CalibrationAssessment {
  readonly pairs: number
  /** False: it prefers a side, so what it says of two versions cannot be trusted. */
  readonly healthy: boolean
  /** Share of pairs that lie on different sides of the worst edge by chance alone: what a latency gate needs more pairs for. */
  readonly noiseShare: number
  /** The edge on which they differ most often; null while they never did. */
  readonly worstEdgeMs: number | null
}

/** How often a comparator without a fault may be called unhealthy, all looks together. */
const ALPHA = 0.01

/**
 * Judges an A/A calibration: the same version on both sides must look worse on neither, at a margin of 0, however often one looks.
 *
 * @param counters rows of the gate `calibration`, of any nodes and steps.
 */
export function assessCalibration(counters: readonly PropertyCounters[]): CalibrationAssessment {
  const edges = addEdges(counters.filter((row) => row.gate === 'calibration'))
  const pairs = pairsOf(edges[0]?.counters ?? addCounters([]))
  const sides = edges.map(({ counters: edge }) => logEOfDifference(edge))
  let [noiseShare, worstEdgeMs]: [number, number | null] = [0, null]
  for (const { property, counters: edge } of edges) {
    const share = discordance(edge) / Math.max(1, pairs)
    if (share <= noiseShare) continue
    noiseShare = share
    worstEdgeMs = edgeOf(property)
  }
  return { pairs, healthy: logMeanExp(sides) < Math.log(1 / ALPHA), noiseShare, worstEdgeMs }
}

function discordance({ nPlus, nMinus }: Counters): number {
  return nPlus + nMinus
}
