import type { HistogramSample, MetricFamily, NumberSample } from './metric-family.ts'

/** Media type of {@link exposeText}. */
export const TEXT_EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Families in the text format of Prometheus, piece by piece: a family's head, then one piece per series, so that the caller can stop
 * to let others work. A series is read in one step: its buckets, sum and count agree.
 *
 * The OpenTelemetry serializer is not used, for two reasons: it takes the colons out of names, and it writes everything at once.
 */
export function* exposeText(families: Iterable<MetricFamily>): Generator<string, void, undefined> {
  for (const family of families) {
    let head = headOf(family)
    if (family.kind === 'histogram') {
      for (const sample of family.samples()) {
        yield head + histogramLines(family.name, sample)
        head = ''
      }
    } else {
      for (const sample of family.samples()) {
        yield head + numberLine(family.name, sample)
        head = ''
      }
    }
  }
}

function headOf({ name, help, unit, kind }: MetricFamily): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  const unitLine = unit === undefined ? '' : `# UNIT ${name} ${unit}\n`
  return `# HELP ${name} ${text}\n# TYPE ${name} ${kind}\n${unitLine}`
}

function numberLine(name: string, { labels, value }: NumberSample): string {
  return `${name}${braced(labels.text)} ${numberText(value)}\n`
}

function histogramLines(name: string, { labels, series }: HistogramSample): string {
  const { boundTexts } = series.shape
  const start = `${name}_bucket{${labels.text === '' ? '' : `${labels.text},`}le="`
  let lines = ''
  let count = 0
  for (const [index, bound] of boundTexts.entries()) {
    count += series.bucketCount(index)
    lines += `${start}${bound}"} ${count}\n`
  }
  count += series.bucketCount(boundTexts.length)
  const suffix = braced(labels.text)
  return `${lines}${start}+Inf"} ${count}\n${name}_sum${suffix} ${series.sum}\n${name}_count${suffix} ${count}\n`
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
