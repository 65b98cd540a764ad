import { describe, expect, it } from 'vitest'
import { HistogramSeries, HistogramShape } from './histogram.ts'
import { labelSet, withLabel } from './label-set.ts'
import type { MetricFamily } from './metric-family.ts'
import { exposeText } from './text-exposition.ts'

function textOf(...families: MetricFamily[]): string {
  return [...exposeText(families)].join('')
}

function gauge(value: number, pairs: Record<string, string> = {}): MetricFamily {
  return {
    kind: 'gauge',
    name: 'g',
    help: 'A gauge.',
    samples: () => [{ labels: labelSet(pairs, 0), value }],
  }
}

describe('exposeText', () => {
  it('writes cumulative buckets, sum and count of every series below one head', () => {
    const shape = new HistogramShape([0.5, 1])
    const series = new HistogramSeries(shape)
    for (const value of [0.5, 0.75, 1, 3]) series.observe(value)
    const family: MetricFamily = {
      kind: 'histogram',
      name: 'took_seconds',
      help: 'How long.',
      unit: 'seconds',
      shape,
      samples: () => [
        { labels: labelSet({ model: 'a' }, 0), series },
        { labels: labelSet({}, 0), series },
      ],
    }
    expect(textOf(family).split('\n')).toEqual([
      '# HELP took_seconds How long.',
      '# TYPE took_seconds histogram',
      '# UNIT took_seconds seconds',
      'took_seconds_bucket{model="a",le="0.5"} 1',
      'took_seconds_bucket{model="a",le="1"} 3',
      'took_seconds_bucket{model="a",le="+Inf"} 4',
      'took_seconds_sum{model="a"} 5.25',
      'took_seconds_count{model="a"} 4',
      'took_seconds_bucket{le="0.5"} 1',
      'took_seconds_bucket{le="1"} 3',
      'took_seconds_bucket{le="+Inf"} 4',
      'took_seconds_sum 5.25',
      'took_seconds_count 4',
      '',
    ])
  })

  it('keeps a colon at the beginning of a name', () => {
    const family: MetricFamily = {
      kind: 'counter',
      name: ':tensorflow:serving:request_count',
      help: 'x',
      samples: () => [{ labels: labelSet({ model_name: 'a' }, 0), value: 2 }],
    }
    expect(textOf(family)).toContain('\n:tensorflow:serving:request_count{model_name="a"} 2\n')
  })

  it('lets no label value break out of its quotes', () => {
    const evil = 'a"} 1\nfake{x="\\'
    const text = textOf(gauge(1, { model: evil }))
    expect(text).toContain('g{model="a\\"} 1\\nfake{x=\\"\\\\"} 1\n')
    expect(textOf(gauge(1)).split('\n')).toHaveLength(text.split('\n').length)
    expect(withLabel(labelSet({}, 0), 'model', evil).text).toBe(labelSet({ model: evil }, 0).text)
  })

  it.each([
    [Number.NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [1e21, '1e+21'],
    [0.1, '0.1'],
  ])('writes %s as %s', (value, text) => {
    expect(textOf(gauge(value))).toContain(`\ng ${text}\n`)
  })

  it('writes no head for a family without series', () => {
    expect(textOf({ kind: 'counter', name: 'c', help: 'c', samples: () => [] })).toBe('')
  })
})
