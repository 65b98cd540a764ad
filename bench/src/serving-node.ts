import type { ModelPlan } from '@understudy/core'
import type { NodeRig, RigNode } from '@understudy/testing'
import type { BenchContext } from './bench-context.ts'

interface ServingNodeOptions {
  readonly rig: NodeRig
  readonly models: readonly ModelPlan[]
  readonly name?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a node as it is measured: metrics on, tracing at its default of 1 %, both sent to a collector that takes everything. */
export async function startServingNode(bench: BenchContext, options: ServingNodeOptions): Promise<RigNode> {
  const { rig, models, env = {}, ...rest } = options
  const collector = await bench.floor('{}')
  const { profile } = bench.options
  const node = await rig.start({
    ...rest,
    models,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    nodeArgs: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  })
  for (const { model, labels } of models) {
    if (labels.live !== undefined) await node.untilAvailable(model, labels.live)
  }
  return node
}
