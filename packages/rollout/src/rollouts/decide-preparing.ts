import { formatDuration, formatVersion, joinWords } from '../text/format.ts'
import { clearanceOf } from './clearance.ts'
import { nodeReadiness } from './node-readiness.ts'
import type { RolloutFacts, RolloutRecord } from './rollout-facts.ts'
import { isCompared } from './rollout-position.ts'
import type { Move } from './transitions.ts'

/** Waits until every joined node has loaded and warmed the candidate, and fails it where it does not load. */
export function advancePreparing(rollout: RolloutRecord, facts: RolloutFacts): Move | null {
  const candidate = formatVersion(rollout.candidate.number)
  const { prepareTimeoutMs } = facts.limits
  const atMostMs = facts.policy.decisionTimeout
  const readiness = nodeReadiness(facts.nodes, {
    nowMs: facts.nowMs,
    sinceMs: rollout.sinceMs,
    timeoutMs: prepareTimeoutMs,
    atMostMs,
  })
  switch (readiness.type) {
    case 'waiting':
      return null
    case 'none':
      // Nothing is wrong with a version that no node could have loaded yet; but nothing waits for ever.
      return facts.nowMs - rollout.sinceMs < atMostMs
        ? null
        : failedToLoad(`no serving node joined in ${formatDuration(atMostMs)}`)
    case 'error':
      return failedToLoad(`${candidate} does not load on ${readiness.node}: ${readiness.detail}`)
    case 'late': {
      const after = formatDuration(prepareTimeoutMs)
      return failedToLoad(`${candidate} was not available on ${joinWords(readiness.nodes)} after ${after}`)
    }
    case 'ready':
      return whenLoaded(rollout, facts)
  }
}

function whenLoaded(rollout: RolloutRecord, facts: RolloutFacts): Move {
  const loaded = `${formatVersion(rollout.candidate.number)} is loaded and warm`
  if (isCompared(rollout.kind)) {
    return { cause: 'shadowReady', to: 'shadow', detail: `${loaded}, its shadow begins` }
  }
  return clearanceOf(rollout, facts).outcome === 'held'
    ? { cause: 'held', to: 'pausedHeld', detail: `${loaded}; an operator holds what is live` }
    : { cause: 'readyToPromote', to: 'promoting', detail: `${loaded} and goes live` }
}

function failedToLoad(detail: string): Move {
  return { cause: 'failed', reason: 'load', detail }
}
