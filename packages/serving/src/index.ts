export type { MirrorSink, Pair, PairAnswer, RunTicket } from './mirror-sink.ts'
export type { Predictor, VersionDescription, VersionStatus } from './predictor.ts'
export type {
  AspiredVersionsCallback,
  Loader,
  ModelServable,
  ResourceEstimate,
  RunResult,
  ServableData,
  ServableHandle,
  ServableId,
  ServableRequest,
  ServableStateEvent,
  Source,
  SourceAdapter,
  WarmUpReport,
} from './servable.ts'
