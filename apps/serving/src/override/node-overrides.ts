import {
  type Clock,
  decideOverride,
  isOverrideProof,
  isSignedOverride,
  type OverrideFacts,
  type OverrideStatus,
  PlatformError,
  type SignedOverride,
} from '@understudy/core'
import type { OverrideStore } from './override-store.ts'

/** What overrides need to know of the data plane. */
export interface OverriddenNode {
  has(model: string): boolean
  observedGeneration(model: string): number | undefined
  /** In effect. */
  labelsOf(model: string): ReadonlyMap<string, number> | undefined
  availableVersions(model: string): readonly number[]
  /** Since the control plane last confirmed the plan; undefined: a moment ago. */
  planAgeMs(): number | undefined
}

export interface NodeOverridesOptions {
  readonly node: OverriddenNode
  readonly store: Pick<OverrideStore, 'standing' | 'add'>
  /** What overrides are signed with, hex; undefined: none is taken. */
  readonly overrideKey: string | undefined
  readonly clock: Clock
}

/** Shows how a model stands to who has the key, and carries signed overrides out. One at a time: each is decided on what the last one left. */
export class NodeOverrides {
  readonly #options: NodeOverridesOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: NodeOverridesOptions) {
    this.#options = options
  }

  /** @throws PlatformError `serving.override_unavailable`, `serving.override_invalid`, `serving.model_not_found` */
  look(model: string, proof: string | undefined): OverrideStatus {
    if (!isOverrideProof(this.#key(), proof, { model, nowMs: this.#options.clock.now() })) {
      throw new PlatformError(
        'serving.override_invalid',
        'The proof is not signed with the key of this node, or is older than 5 minutes by its clock.',
      )
    }
    return this.#status(model)
  }

  /**
   * Carries an override out and says who is live then; the same one twice is once.
   *
   * @throws PlatformError `serving.override_unavailable`, `serving.override_invalid`, `serving.override_refused`, `serving.model_not_found`
   */
  apply(signed: SignedOverride): Promise<OverrideStatus> {
    const done = this.#last.then(() => this.#applyNow(signed))
    this.#last = done.catch(() => undefined)
    return done
  }

  async #applyNow(signed: SignedOverride): Promise<OverrideStatus> {
    const { document } = signed
    if (!isSignedOverride(this.#key(), signed)) {
      throw new PlatformError(
        'serving.override_invalid',
        'The override is not signed with the key of this node.',
      )
    }
    const { store, clock } = this.#options
    const decision = decideOverride(document, this.#facts(document.model))
    if (decision.type === 'refused') throw new PlatformError(decision.code, decision.message)
    if (decision.type === 'apply') await store.add(signed, clock.now())
    return this.#status(document.model)
  }

  #facts(model: string): OverrideFacts {
    const { node, clock } = this.#options
    const { generation, live, previous, override } = this.#status(model)
    return {
      ...{ nowMs: clock.now(), generation, live, previous, standing: override },
      available: node.availableVersions(model),
    }
  }

  #status(model: string): OverrideStatus {
    const { node, store } = this.#options
    if (!node.has(model)) {
      throw new PlatformError('serving.model_not_found', `There is no model ${model} on this node.`)
    }
    const generation = node.observedGeneration(model) ?? null
    const labels = node.labelsOf(model)
    const standing = generation === null ? undefined : store.standing(model, generation)
    const { id, from, to, actor, reason } = standing?.signed.document ?? {}
    const isStanding = id !== undefined && from !== undefined && to !== undefined
    return {
      ...{ model, generation, live: labels?.get('live') ?? null, previous: labels?.get('previous') ?? null },
      override: isStanding ? { id, from, to, actor: actor ?? '', reason: reason ?? '' } : null,
      planAgeMs: node.planAgeMs() ?? null,
    }
  }

  #key(): string {
    const { overrideKey } = this.#options
    if (overrideKey !== undefined) return overrideKey
    throw new PlatformError(
      'serving.override_unavailable',
      'This node takes no overrides: it was started without UNDERSTUDY_OVERRIDE_KEY.',
    )
  }
}
