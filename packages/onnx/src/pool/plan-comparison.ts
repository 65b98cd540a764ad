import { type PlannedVersion, PlatformError } from '@understudy/core'
import type { ModelForm } from '../frames/frame.ts'
import type { IngestedVersion } from '../loader/onnx-loader.ts'
import type { ComparedVersion } from './comparison-executor.ts'
import { decideForm } from './decide-form.ts'
import { estimateMemory } from './estimate-memory.ts'

/** One version of a pair, as it is on this machine. */
export interface ComparableVersion {
  readonly planned: Pick<PlannedVersion, 'batchable' | 'runtime' | 'files' | 'measured'>
  readonly ingested: IngestedVersion
}

export interface PlannedComparison {
  readonly baseline: ComparedVersion
  readonly candidate: ComparedVersion
  /** Of all that is held: the baseline is there twice. */
  readonly memoryBytes: number
  readonly form: ModelForm
  readonly intraOpThreads: number
  readonly runTimeoutMs: number
}

/**
 * How two versions are held to compare their run times: alike, in the form in which they would serve clients; mapped, which saves the copies of
 * the weights, where that form would need more memory than there may be. Pure.
 *
 * @throws PlatformError `serving.insufficient_memory` where neither fits
 */
export function planComparison(
  baseline: ComparableVersion,
  candidate: ComparableVersion,
  memoryLimitBytes: number,
): PlannedComparison {
  const both = [baseline, candidate]
  const forms = new Set(both.map(liveForm))
  const wanted: readonly ModelForm[] = forms.has('prepacked') ? ['prepacked', 'mapped'] : ['mapped']
  const possible = both.every(({ ingested }) => ingested.mappable) ? wanted : (['prepacked'] as const)
  const { intraOpThreads, runTimeoutMs } = baseline.planned.runtime
  let leastBytes = Number.POSITIVE_INFINITY
  for (const form of possible) {
    const [baselineBytes, candidateBytes] = [neededBytes(baseline, form), neededBytes(candidate, form)]
    const memoryBytes = 2 * baselineBytes + candidateBytes
    leastBytes = Math.min(leastBytes, memoryBytes)
    if (memoryBytes > memoryLimitBytes) continue
    return {
      baseline: { path: baseline.ingested.path, reservedBytes: baselineBytes },
      candidate: { path: candidate.ingested.path, reservedBytes: candidateBytes },
      ...{ memoryBytes, form, intraOpThreads, runTimeoutMs },
    }
  }
  throw new PlatformError(
    'serving.insufficient_memory',
    `Run times of the two versions cannot be compared: holding them apart needs ${mebibytes(leastBytes)} MiB, and may take ${mebibytes(memoryLimitBytes)} MiB. Give the node more memory, or take \`latency\` out of the gates.`,
  )
}

function liveForm({ planned, ingested }: ComparableVersion): ModelForm {
  return decideForm({ ...ingested, role: 'live', batchable: planned.batchable })
}

function neededBytes({ planned, ingested }: ComparableVersion, form: ModelForm): number {
  const filesBytes = planned.files.reduce((sum, file) => sum + file.sizeBytes, 0)
  const weightsBytes = Math.max(ingested.weightsBytes, filesBytes)
  return estimateMemory({ form, weightsBytes, placement: 'shared', measured: planned.measured })
    .anonymousBytes
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024))
}
