export type { CaptureLimits, CaptureRow } from './capture-rows.ts'
export { CHANGE_CHANNEL, ChangeListener, type ChangeListenerOptions } from './change-listener.ts'
export type { CounterRow, EvidenceFlush, ExampleRow, MinuteRow } from './evidence-flush.ts'
export type { KeptAnswerRow } from './kept-answers.ts'
export {
  type EvidenceCompany,
  type NodeReport,
  NodeStore,
  type NodeStoreOptions,
  type ServableReport,
} from './node-store.ts'
export {
  type OutcomeReport,
  type OutcomeSource,
  OutcomeStore,
  type OutcomeStoreOptions,
} from './outcome-store.ts'
export type { CapturePolicies, RequestStore } from './request-store.ts'
export type { IncidentReport } from './write-incidents.ts'
export type { OverrideReport } from './write-overrides.ts'
