export { CHANGE_CHANNEL, ChangeListener, type ChangeListenerOptions } from './change-listener.ts'
export type { CounterRow, EvidenceFlush } from './evidence-flush.ts'
export { type NodeReport, NodeStore, type NodeStoreOptions, type ServableReport } from './node-store.ts'
export {
  type OutcomeReport,
  type OutcomeSource,
  OutcomeStore,
  type OutcomeStoreOptions,
} from './outcome-store.ts'
export type { IncidentReport } from './write-incidents.ts'
