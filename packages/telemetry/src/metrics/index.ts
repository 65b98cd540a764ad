export { exponentialBounds, HistogramSeries, HistogramShape } from './histogram.ts'
export { type LabelSet, labelSet, withLabel } from './label-set.ts'
export type {
  HistogramFamily,
  HistogramSample,
  MetricFamily,
  NumberFamily,
  NumberSample,
} from './metric-family.ts'
export { processFamilies } from './process-families.ts'
export { exposeText, TEXT_EXPOSITION_TYPE } from './text-exposition.ts'
export { TimeSlice } from './time-slice.ts'
