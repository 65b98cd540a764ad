import type { ServedBy } from '@understudy/core'
import { type ExecutorIncident, type MirrorRunEnded, PROTOCOLS, type RequestEnded } from '@understudy/serving'
import {
  HistogramSeries,
  HistogramShape,
  type LabelSet,
  labelSet,
  withLabel,
} from '@understudy/telemetry/metrics'
import { RequestSeries } from './request-series.ts'

export const SIZE_SHAPE = new HistogramShape([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])

const VARIANTS: readonly ServedBy['variant'][] = ['live', 'canary', 'pinned']

/** What is counted of one version of a model. A version of null: requests that were refused before one was selected. */
export class VersionSeries {
  readonly labels: LabelSet
  readonly batchRows = new HistogramSeries(SIZE_SHAPE)
  readonly batchRequests = new HistogramSeries(SIZE_SHAPE)
  readonly shadowRuns: Record<MirrorRunEnded['outcome'], number> = { settled: 0, lost: 0 }
  readonly incidents: Record<ExecutorIncident['kind'], number> = { crash: 0, hang: 0, memory: 0, frame: 0 }
  readonly loads = { ok: 0, error: 0 }
  /** When the node was first seen without it; undefined while it holds it. */
  goneAtMs: number | undefined
  readonly #requests: (RequestSeries | undefined)[] = []

  constructor(model: string, version: number | null, nowMs: number) {
    this.labels = labelSet({ model, version: version === null ? '' : String(version) }, nowMs)
  }

  /** Series of one variant and protocol. No variant: none was selected. */
  requestsOf(variant: ServedBy['variant'] | undefined, protocol: RequestEnded['protocol']): RequestSeries {
    const index =
      (variant === undefined ? 0 : VARIANTS.indexOf(variant)) * PROTOCOLS.length + PROTOCOLS.indexOf(protocol)
    const known = this.#requests[index]
    if (known !== undefined) return known
    const made = new RequestSeries(
      withLabel(withLabel(this.labels, 'variant', variant ?? ''), 'protocol', protocol),
    )
    this.#requests[index] = made
    return made
  }

  /** Those that were used. */
  requests(): RequestSeries[] {
    return this.#requests.filter((one) => one !== undefined)
  }
}
