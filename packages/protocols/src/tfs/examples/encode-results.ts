import { formatFloat } from '../../json/format-float.ts'
import { malformed } from '../element-errors.ts'
import type { Classification } from './classifications-of.ts'

/** Writes the answer of `:classify`: for each example its classes, `[label, score]` each. */
export function encodeClassifications(results: readonly (readonly Classification[])[]): string {
  if (results.length === 0) throw malformed('Cannot convert empty ClassificationResults to JSON')
  const rows = results.map((classes) => {
    const pairs = classes.map(
      ({ label, score }) => `[${JSON.stringify(label)},${formatFloat(score, 'float32')}]`,
    )
    return `[${pairs.join(',')}]`
  })
  return `{"results":[${rows.join(',')}]}`
}

/** Writes the answer of `:regress`: one value for each example. */
export function encodeRegressions(values: readonly number[]): string {
  if (values.length === 0) throw malformed('Cannot convert empty RegressionResults to JSON')
  return `{"results":[${values.map((value) => formatFloat(value, 'float32')).join(',')}]}`
}
