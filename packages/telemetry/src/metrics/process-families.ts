import { HistogramSeries, HistogramShape } from './histogram.ts'
import { labelSet } from './label-set.ts'
import type { HistogramFamily, MetricFamily, NumberFamily } from './metric-family.ts'

const PROBE_INTERVAL_MS = 20
const DELAY_SHAPE = new HistogramShape([0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5])

/**
 * Figures of this process, under the names that dashboards for Node know. Call it once: its probe runs as long as the process.
 *
 * The delay of the event loop is how late a timer of 20 ms comes. Node's own monitor gives percentiles since it was last cleared, which
 * two scrapers take from each other and no sum over nodes can use; this is a histogram that only grows.
 */
export function processFamilies(): MetricFamily[] {
  const labels = labelSet({}, performance.timeOrigin)
  const number = (
    kind: NumberFamily['kind'],
    name: string,
    help: string,
    unit: NumberFamily['unit'],
    read: () => number,
  ): NumberFamily => ({ kind, name, help, unit, samples: () => [{ labels, value: read() }] })
  const delay = new HistogramSeries(DELAY_SHAPE)
  probeLoop(delay)
  const delays: HistogramFamily = {
    kind: 'histogram',
    name: 'nodejs_eventloop_delay_seconds',
    help: 'How late a timer of 20 ms came.',
    unit: 'seconds',
    shape: DELAY_SHAPE,
    samples: () => [{ labels, series: delay }],
  }
  const loop = () => performance.eventLoopUtilization()
  return [
    number('counter', 'process_cpu_seconds_total', 'Processor time, user and system.', 'seconds', cpuSeconds),
    number('gauge', 'process_resident_memory_bytes', 'Resident memory.', 'bytes', () =>
      process.memoryUsage.rss(),
    ),
    number(
      'gauge',
      'process_start_time_seconds',
      'Start of the process, since the epoch.',
      'seconds',
      () => performance.timeOrigin / 1_000,
    ),
    number(
      'gauge',
      'nodejs_heap_size_used_bytes',
      'JavaScript heap in use.',
      'bytes',
      () => process.memoryUsage().heapUsed,
    ),
    number(
      'gauge',
      'nodejs_external_memory_bytes',
      'Memory outside the heap, buffers included.',
      'bytes',
      () => process.memoryUsage().external,
    ),
    number(
      'counter',
      'nodejs_eventloop_active_seconds_total',
      'Time in which the event loop worked.',
      'seconds',
      () => loop().active / 1_000,
    ),
    number(
      'counter',
      'nodejs_eventloop_idle_seconds_total',
      'Time in which the event loop waited.',
      'seconds',
      () => loop().idle / 1_000,
    ),
    delays,
  ]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function probeLoop(delay: HistogramSeries): void {
  let lastMs = performance.now()
  setInterval(() => {
    const nowMs = performance.now()
    delay.observe(Math.max(0, nowMs - lastMs - PROBE_INTERVAL_MS) / 1_000)
    lastMs = nowMs
  }, PROBE_INTERVAL_MS).unref()
}
