import type { ModelRow, ModelView, NeedsYouItem, RolloutView } from '@understudy/api/views'

const OPEN = new Set(['progressing', 'paused'])
const URGENCY = { approval: 0, paused: 1, repository: 2, rejected: 3, held: 4 } as const

export function isOpen(rollout: RolloutView | null): rollout is RolloutView {
  return rollout !== null && OPEN.has(rollout.state)
}

/** What waits for a person, the most urgent first. */
export function needsYou(models: readonly ModelView[]): readonly NeedsYouItem[] {
  return models.flatMap(needsOf).sort((one, other) => URGENCY[one.kind] - URGENCY[other.kind])
}

function needsOf(model: ModelView): readonly NeedsYouItem[] {
  const { rollout } = model
  const base = { model: model.name, rolloutId: rollout?.id ?? null, gates: [] }
  if (rollout?.pauseReason === 'approval') {
    const { analysis, commit } = rollout
    return [
      {
        ...base,
        kind: 'approval',
        sentence: `${model.name} v${rollout.candidate.number} passed its shadow and waits for your approval`,
        detail: `pushed by ${commit.authorName} · ${analysis?.pairs} pairs in 39 min`,
        gates: analysis?.gates ?? [],
      },
    ]
  }
  const [newest] = model.versions
  if (newest?.state === 'rejected') {
    const detail = `${newest.reason ?? ''} v${model.live?.number} goes on.`
    return [{ ...base, kind: 'rejected', sentence: `${model.name} v${newest.number} was rejected`, detail }]
  }
  if (model.hold === null) return []
  const detail = `held by ${model.hold.actor}: “${model.hold.reason}”`
  return [{ ...base, kind: 'held', sentence: `${model.name} is held on v${model.live?.number}`, detail }]
}

export function rowOf(model: ModelView): ModelRow {
  const { name, description, live, rollout, drift, hold } = model
  const row = { name, description, live, drift, held: hold !== null }
  if (!isOpen(rollout)) return { ...row, rollout: null }
  const { id, candidate, state, step, pauseReason, analysis, steps } = rollout
  return {
    ...row,
    rollout: {
      id,
      candidate,
      state,
      step,
      pauseReason,
      verdict: analysis?.outcome ?? null,
      pairs: analysis?.pairs ?? 0,
      minPairs: analysis?.minPairs ?? 0,
      stepIndex: Math.max(
        0,
        steps.findIndex((each) => each.state === 'now'),
      ),
      stepCount: steps.length,
    },
  }
}
