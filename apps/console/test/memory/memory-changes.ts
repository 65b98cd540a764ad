import type { ModelView, RolloutView, VersionRef } from '@understudy/api/views'
import { irisModel } from './story.ts'
import { digestOf, versionOf } from './story-parts.ts'

/** Who does something to a model, why and when. */
export interface Deed {
  readonly actor: string
  readonly reason: string
  readonly at: string
}

/** The previous version answers again, live is held, and what it took off is withdrawn. */
export function rolledBack(model: ModelView, live: VersionRef, previous: VersionRef, deed: Deed): ModelView {
  const { actor, reason, at } = deed
  const generation = model.generation + 1
  return {
    ...model,
    live: previous,
    previous: null,
    generation,
    hold: { actor, reason, since: at, expiresAt: null },
    drift: { reason: 'heldByOperator', detail: `Git asks for v${live.number}.`, since: at },
    versions: model.versions.map((version) =>
      version.number === live.number
        ? { ...version, standing: 'withdrawn', reason: `Rolled back by ${actor}: ${reason}` }
        : version,
    ),
    promotions: [
      { generation, kind: 'rollback', from: live.number, to: previous.number, actor, reason, at },
      ...model.promotions,
    ],
  }
}

/** Its rollout came to an end. */
export function ended(model: ModelView, rollout: RolloutView, at: string): ModelView {
  const succeeded = rollout.state === 'succeeded'
  const { name } = model
  return {
    ...model,
    rollout: {
      ...rollout,
      pauseReason: null,
      endedAt: at,
      steps: rollout.steps.map((step) =>
        step.state === 'done' ? step : { ...step, state: succeeded ? 'done' : 'skipped', note: '' },
      ),
    },
    why: {
      sentence: succeeded
        ? `${name} v${rollout.candidate.number} is live. Nothing to do.`
        : `${name} waits for a push.`,
      command: null,
    },
    drift: succeeded ? null : { reason: 'rolloutFailed', detail: 'The newest version failed.', since: at },
  }
}

/** A version goes live on its evidence. */
export function promoted(
  model: ModelView,
  to: VersionRef,
  deed: Omit<Deed, 'reason'> & { readonly reason: string | null },
): ModelView {
  const generation = model.generation + 1
  const from = model.live?.number ?? null
  return {
    ...model,
    live: { number: to.number, digest: to.digest },
    previous: model.live,
    generation,
    promotions: [{ generation, kind: 'evidence', from, to: to.number, ...deed }, ...model.promotions],
  }
}

/** Under another policy the open rollout begins anew. */
export function underAnotherPolicy(model: ModelView, rollout: RolloutView): ModelView {
  const policyHash = digestOf(`another policy of ${model.name}`)
  const id = `${rollout.id.slice(0, -2)}99`
  return {
    ...model,
    policyHash,
    rollout: {
      ...rollout,
      id,
      state: 'progressing',
      step: 'shadow',
      pauseReason: null,
      verdict: null,
      seen: { ...rollout.seen, rolloutId: id, policyHash },
      may: {
        ...rollout.may,
        approve: { allowed: false, because: 'v2 has no verdict yet: it can be approved when it passed.' },
      },
    },
  }
}

/** A new model of which only a first version is there, not yet validated. */
export function firstPushOf(name: string, at: string): ModelView {
  const commit = { hash: digestOf(name).slice(0, 40), subject: `${name} 1`, authorName: 'Chen Yu', at }
  return {
    ...irisModel(),
    name,
    description: '',
    rollout: null,
    drift: null,
    live: null,
    versions: [versionOf(name, 1, { commit, state: 'validating' })],
    promotions: [],
  }
}
