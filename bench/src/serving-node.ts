import type { ModelPlan } from '@understudy/core'
import type { NodeRig, RigNode } from '@understudy/testing'
import type { BenchContext } from './bench-context.ts'
import { AUTHORIZATION, BENCH_KEY, KEY_ENVIRONMENT } from './bench-key.ts'

interface ServingNodeOptions {
  readonly rig: NodeRig
  readonly models: readonly ModelPlan[]
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
  /** @defaultValue true; a model that is not resident would be loaded by it */
  readonly untilLive?: boolean
}

/**
 * Starts a node as it is measured: every request needs an API key, metrics are on, tracing is at its default of 1 %, both sent to a
 * collector that takes everything.
 */
export async function startServingNode(bench: BenchContext, options: ServingNodeOptions): Promise<RigNode> {
  const { rig, models, env = {}, untilLive = true, ...rest } = options
  const collector = await bench.floor('{}')
  const { profile } = bench.options
  const node = await rig.start({
    ...rest,
    models,
    ...{ keys: [BENCH_KEY], authorization: AUTHORIZATION },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...KEY_ENVIRONMENT, ...env },
    nodeArgs: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  })
  for (const { model, labels } of untilLive ? models : []) {
    if (labels.live !== undefined) await node.untilAvailable(model, labels.live)
  }
  return node
}
