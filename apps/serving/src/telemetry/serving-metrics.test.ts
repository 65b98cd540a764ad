import { PlatformError, type ServedBy } from '@understudy/core'
import type { RequestEnded } from '@understudy/serving'
import { exposeText } from '@understudy/telemetry/metrics'
import { beforeEach, describe, expect, it } from 'vitest'
import { lifecycleFamilies } from './lifecycle-families.ts'
import { requestFamilies } from './request-families.ts'
import { type Held, SeriesRegistry } from './series-registry.ts'
import { ServingMetrics } from './serving-metrics.ts'
import { tfServingFamilies } from './tf-serving-families.ts'
import { writeBound } from './tf-serving-series.ts'

const MINUTE_MS = 60_000
const times = { decodeMs: 0.2, queueMs: 1, batchMs: 5, runMs: 4, encodeMs: 0.1 }
const NONE = { decodeMs: 0, queueMs: 0, batchMs: 0, runMs: 0, encodeMs: 0 }

let nowMs: number
let held: Held
let metrics: ServingMetrics

beforeEach(() => {
  nowMs = 1_000_000
  held = { models: ['iris'], versions: [{ model: 'iris', version: 1 }] }
  metrics = new ServingMetrics(new SeriesRegistry({ now: () => nowMs, held: () => held, versionsMax: 4 }))
})

function servedBy(version = 1, model = 'iris'): ServedBy {
  return { model, version, digest: 'd', commit: 'c', variant: 'live', generation: 1 }
}

function ended(event: Partial<RequestEnded> = {}): void {
  metrics.requestEnded({
    ...{ requestId: 'secret-id', protocol: 'tfs-rest', model: 'iris', servedBy: servedBy() },
    ...{ times, startedAtMs: nowMs, tookMs: 7, ...event },
  })
}

/** The samples of the text, without the buckets. */
function samples(): ReadonlyMap<string, number> {
  const families = [
    ...requestFamilies(metrics.registry),
    ...lifecycleFamilies(metrics),
    ...tfServingFamilies(metrics),
  ]
  const lines = [...exposeText(families)].join('').split('\n')
  const parsed = lines.flatMap((line): [string, number][] => {
    const [, name, value] = /^([^#].*) (\S+)$/.exec(line) ?? []
    return name === undefined || name.includes('_bucket{') ? [] : [[name, Number(value)]]
  })
  return new Map(parsed)
}

const LABELS = 'model="iris",version="1",variant="live",protocol="tfs-rest"'

describe('ServingMetrics', () => {
  it('counts a request under model, version, variant, protocol and status, with each of its stages', () => {
    ended()
    ended()
    const seen = samples()
    expect(seen.get(`understudy_requests_total{${LABELS},code="OK"}`)).toBe(2)
    expect(seen.get(`understudy_request_duration_seconds_sum{${LABELS}}`)).toBeCloseTo(0.014)
    for (const [stage, sum] of Object.entries({
      decode: 0.0004,
      queue: 0.002,
      batch: 0.01,
      run: 0.008,
      encode: 0.0002,
    })) {
      expect(seen.get(`understudy_${stage}_duration_seconds_count{${LABELS}}`), stage).toBe(2)
      expect(seen.get(`understudy_${stage}_duration_seconds_sum{${LABELS}}`), stage).toBeCloseTo(sum)
    }
  })

  it('counts of a failed request only the stages that it reached', () => {
    const error = new PlatformError('serving.queue_full', 'x')
    ended({ error, times: { ...NONE, decodeMs: 1 } })
    const seen = samples()
    expect(seen.get(`understudy_requests_total{${LABELS},code="RESOURCE_EXHAUSTED"}`)).toBe(1)
    expect(seen.get(`understudy_decode_duration_seconds_count{${LABELS}}`)).toBe(1)
    expect(seen.has(`understudy_run_duration_seconds_count{${LABELS}}`)).toBe(false)
    expect(seen.get('understudy_rejected_total{model="iris",reason="serving.queue_full"}')).toBe(1)
  })

  it('makes no label of what clients choose', () => {
    for (let index = 0; index < 50; index += 1) {
      const error = new PlatformError('serving.model_not_found', 'x')
      ended({ model: `guess-${index}`, servedBy: undefined, error, times: NONE })
    }
    const text = [...samples().keys()].join('\n')
    expect(text).not.toMatch(/guess|secret-id/)
    const unknown = 'model="",version="",variant="",protocol="tfs-rest",code="NOT_FOUND"'
    expect(samples().get(`understudy_requests_total{${unknown}}`)).toBe(50)
  })

  it('counts a refused request under a model that is in the plan', () => {
    metrics.labelsMoved({ model: 'iris', generation: 1, from: new Map(), to: new Map(), atMs: nowMs })
    ended({ servedBy: undefined, error: new PlatformError('serving.version_not_found', 'x'), times: NONE })
    const labels = 'model="iris",version="",variant="",protocol="tfs-rest",code="NOT_FOUND"'
    expect(samples().get(`understudy_requests_total{${labels}}`)).toBe(1)
  })

  it('counts batches, loads, warm-ups, shadow runs and incidents of a version', () => {
    const stretch = { startedAtMs: nowMs, tookMs: 100 }
    const id = { name: 'iris', version: 1 }
    metrics.batchEnded({ id, requests: 3, rows: 6, queuedMs: 2, failed: 0, mirrored: false, ...stretch })
    metrics.loadEnded({ id, planned: {} as never, ...stretch })
    metrics.warmUpEnded({ id, planned: {} as never, runs: 3, ...stretch })
    metrics.mirrorRunEnded({
      ...{ model: 'iris', mirror: { candidate: 1 } as never, requests: 1, outcome: 'lost', ...stretch },
    })
    const incident = {
      id,
      digest: 'd',
      kind: 'hang',
      message: 'x',
      atMs: nowMs,
      confirmedInput: null,
    } as const
    metrics.incident(incident)
    metrics.incident({ ...incident, confirmedInput: 'its hash' })
    metrics.troubled()
    expect(Object.fromEntries(samples())).toMatchObject({
      'understudy_batch_rows_sum{model="iris",version="1"}': 6,
      'understudy_batch_requests_sum{model="iris",version="1"}': 3,
      'understudy_loads_total{model="iris",version="1",outcome="ok"}': 1,
      'understudy_load_duration_seconds_sum{outcome="ok"}': 0.1,
      'understudy_warmup_duration_seconds_sum{outcome="ok"}': 0.1,
      'understudy_shadow_runs_total{model="iris",version="1",outcome="lost"}': 1,
      'understudy_executor_incidents_total{model="iris",version="1",kind="hang"}': 1,
      understudy_troubles_total: 1,
      ':tensorflow:serving:model_warmup_latency_sum{status="OK"}': 100_000,
      ':tensorflow:serving:batching_session:queuing_latency_sum{thread_pool_name="iris"}': 2_000,
      ':tensorflow:serving:batching_session:wrapped_run_count': 1,
    })
  })

  it("speaks TensorFlow Serving's names in microseconds, of its own APIs only, latencies of successes only", () => {
    ended()
    ended({ protocol: 'trpc' })
    ended({ protocol: 'oip-grpc' })
    ended({ error: new PlatformError('serving.executor_lost', 'x') })
    ended({ task: 'classify' })
    ended({ protocol: 'tfs-grpc' })
    ended({ protocol: 'tfs-grpc', task: 'regress' })
    ended({ protocol: 'tfs-grpc', task: 'multi' })
    expect(Object.fromEntries(samples())).toMatchObject({
      ':tensorflow:serving:request_count{model_name="iris",status="OK"}': 4,
      ':tensorflow:serving:request_count{model_name="iris",status="UNAVAILABLE"}': 1,
      ':tensorflow:serving:request_latency_sum{model_name="iris",API="predict",entrypoint="REST"}': 7_000,
      ':tensorflow:serving:request_latency_count{model_name="iris",API="predict",entrypoint="REST"}': 1,
      ':tensorflow:serving:request_latency_count{model_name="iris",API="classify",entrypoint="REST"}': 1,
      ':tensorflow:serving:request_latency_count{model_name="iris",API="Predict",entrypoint="GRPC"}': 1,
      ':tensorflow:serving:request_latency_count{model_name="iris",API="Regress",entrypoint="GRPC"}': 1,
      ':tensorflow:serving:runtime_latency_sum{model_name="iris",API="Predict",runtime="ONNX"}': 8_000,
      ':tensorflow:serving:runtime_latency_count{model_name="iris",API="Regress",runtime="ONNX"}': 1,
    })
  })

  it('forgets a version ten minutes after the node let it go, and a model with all it has', () => {
    ended()
    const has = () => [...samples().keys()].some((name) => name.includes('iris'))
    held = { models: [], versions: [] }
    metrics.registry.retain()
    nowMs += 9 * MINUTE_MS
    metrics.registry.retain()
    expect(has()).toBe(true)
    nowMs += MINUTE_MS
    metrics.registry.retain()
    expect(has()).toBe(false)
    expect(metrics.registry.models().map((model) => model.name)).toEqual([])
  })

  it('keeps a version that came back, and goes on counting', () => {
    ended()
    const { versions } = held
    held = { ...held, versions: [] }
    metrics.registry.retain()
    nowMs += 5 * MINUTE_MS
    held = { ...held, versions }
    metrics.registry.retain()
    nowMs += 6 * MINUTE_MS
    metrics.registry.retain()
    ended()
    expect(samples().get(`understudy_requests_total{${LABELS},code="OK"}`)).toBe(2)
  })

  it('keeps its bound when more versions come than it has room for, and loses no count', () => {
    for (let version = 1; version <= 20; version += 1) ended({ servedBy: servedBy(version) })
    const counts = [...samples()].filter(([name]) => name.startsWith('understudy_requests_total'))
    expect(counts.length).toBeLessThanOrEqual(5)
    expect(counts.reduce((total, [, value]) => total + value, 0)).toBe(20)
  })
})

describe('writeBound', () => {
  it.each([
    [10, '10'],
    [10 * 1.8 ** 1, '18'],
    [10 * 1.8 ** 3, '58.32'],
    [10 * 1.8 ** 19, '708235'],
    [10 * 1.8 ** 20, '1.27482e+06'],
    [10 * 1.8 ** 32, '1.47476e+09'],
  ])('writes %s as TensorFlow Serving does: %s', (bound, text) => {
    expect(writeBound(bound)).toBe(text)
  })
})
