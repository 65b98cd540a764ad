import { type MetricFamily, processFamilies } from '@understudy/telemetry/metrics'
import { lifecycleFamilies } from './lifecycle-families.ts'
import { MetricsRoute } from './metrics-route.ts'
import { type NodeView, nodeFamilies } from './node-families.ts'
import { requestFamilies } from './request-families.ts'
import { SeriesRegistry } from './series-registry.ts'
import { ServingMetrics } from './serving-metrics.ts'
import { tfServingFamilies } from './tf-serving-families.ts'

/** All metrics of a node: who counts, what is exported, and the route that answers Prometheus. */
export class NodeMetrics {
  readonly observer: ServingMetrics
  /** Everything but TensorFlow Serving's names, which are none to OpenTelemetry. */
  readonly families: readonly MetricFamily[]
  readonly route: MetricsRoute

  /** The view is asked at exports, and when a version is counted for the first time. */
  constructor(view: NodeView) {
    const registry = new SeriesRegistry({
      now: Date.now,
      held: () => ({ models: view.models(), versions: view.servables() }),
    })
    this.observer = new ServingMetrics(registry)
    this.families = [
      ...requestFamilies(registry),
      ...lifecycleFamilies(this.observer),
      ...nodeFamilies(view),
      ...processFamilies(),
    ]
    this.route = new MetricsRoute({
      families: [...this.families, ...tfServingFamilies(this.observer)],
      onScrape: () => registry.retain(),
    })
  }
}
