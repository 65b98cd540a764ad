/** What of a `model.yaml` a test of rollouts sets; left out is the platform's default, save that nobody needs to approve. */
export interface RolloutPolicyOptions {
  readonly shadow?: Readonly<Record<string, unknown>>
  readonly gates?: Readonly<Record<string, unknown>>
  readonly canary?: readonly number[]
  readonly canaryMinPairs?: number
  readonly canaryMinDuration?: string
  readonly bake?: string
  readonly approval?: Readonly<Record<string, unknown>>
  readonly freeze?: readonly Readonly<Record<string, unknown>>[]
  readonly segments?: Readonly<Record<string, unknown>>
}

export interface PolicyOptions extends RolloutPolicyOptions {
  readonly runtime?: Readonly<Record<string, unknown>>
  readonly privacy?: Readonly<Record<string, unknown>>
}

/** A `model.yaml` whose verdict needs few pairs: the class of `y` decides. JSON is YAML. */
export function rolloutPolicy({ runtime, privacy, ...rollout }: PolicyOptions = {}): string {
  return JSON.stringify({
    apiVersion: 'understudy/v1',
    kind: 'Model',
    outputs: { y: { compare: { kind: 'argmax' }, gate: true } },
    ...(runtime === undefined ? {} : { runtime }),
    ...(privacy === undefined ? {} : { privacy }),
    rollout: {
      approval: { required: 0 },
      ...rollout,
      shadow: { minPairs: 30, ...rollout.shadow },
      gates: { errors: { margin: 0.2 }, disagreement: { budget: 0.2 }, ...rollout.gates },
    },
  })
}
