export { type AuditEntry, audit, GENESIS_HASH } from './audit/audit.ts'
export { type AuditVerification, verifyAudit } from './audit/verify.ts'
export { type Database, type DatabaseOptions, openDatabase, type Tx } from './database.ts'
export { CHANGE_CHANNEL, ChangeListener } from './node/change-listener.ts'
export { notifyChange } from './notify.ts'
export {
  type LabelMove,
  type LockedPlan,
  lockPlan,
  moveLabels,
  type Preparedness,
  readPreparedness,
  setAspired,
} from './plan/plan-store.ts'
export {
  requestWork,
  WORK_KINDS,
  type WorkClaim,
  type WorkKind,
  WorkQueue,
  type WorkQueueOptions,
} from './work/work-queue.ts'
