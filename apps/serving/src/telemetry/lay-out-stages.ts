import type { StageTimes } from '@understudy/core'

export interface LaidOutStage {
  readonly name: 'decode' | 'queue' | 'batch' | 'run' | 'encode'
  readonly startMs: number
  readonly endMs: number
}

/**
 * Where the stages of a request lay, from how long each took. They follow one another and end with the request: what comes before is
 * the reading of its body. The run is in the middle of its batch. Stages that did not take place are left out.
 */
export function layOutStages(startedAtMs: number, tookMs: number, times: StageTimes): LaidOutStage[] {
  const stages: LaidOutStage[] = []
  let endMs = startedAtMs + tookMs
  const before = (name: LaidOutStage['name'], stageMs: number) => {
    const startMs = Math.max(startedAtMs, endMs - stageMs)
    if (stageMs > 0) stages.unshift({ name, startMs, endMs })
    endMs = startMs
  }
  before('encode', times.encodeMs)
  const batchEndMs = endMs
  before('batch', times.batchMs)
  const runMs = Math.min(times.runMs, batchEndMs - endMs)
  if (runMs > 0) {
    const startMs = endMs + (batchEndMs - endMs - runMs) / 2
    const afterBatch = stages[0]?.name === 'batch' ? 1 : 0
    stages.splice(afterBatch, 0, { name: 'run', startMs, endMs: startMs + runMs })
  }
  before('queue', times.queueMs)
  before('decode', times.decodeMs)
  return stages
}
