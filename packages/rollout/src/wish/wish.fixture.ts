import type { Standing } from '@understudy/core'
import type { OpenRollout, TipVersion, WishInput } from './wish.ts'

export function version(number: number, changes: Partial<TipVersion> = {}): TipVersion {
  return { number, digest: `digest-${number}`, state: 'validated', reason: null, ...changes }
}

function ref(number: number) {
  return { number, digest: `digest-${number}` }
}

export function rollout(
  candidate: number,
  baseline: number | null,
  changes: Partial<OpenRollout> = {},
): OpenRollout {
  return {
    kind: 'evidence',
    candidate: ref(candidate),
    baseline: baseline === null ? null : ref(baseline),
    step: 'shadow',
    pauseReason: null,
    startedAtMs: 1_000,
    ...changes,
  }
}

export function baking(candidate: number, baseline: number): OpenRollout {
  return rollout(candidate, baseline, { step: 'bake' })
}

export function input(changes: Partial<WishInput> & { readonly live?: number | null } = {}): WishInput {
  const { live = 1, ...rest } = changes
  return {
    trigger: 'push',
    strategy: 'shadow',
    stalled: false,
    tip: [version(1), version(2)],
    standings: new Map(),
    held: false,
    plan: { live: live === null ? null : ref(live) },
    pointer: null,
    rollout: null,
    requested: null,
    ...rest,
  }
}

export function standing(number: number, is: Standing): ReadonlyMap<string, Standing> {
  return new Map([[`digest-${number}`, is]])
}
