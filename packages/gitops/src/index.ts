export { ArtifactStore } from './artifacts/artifact-store.ts'
export type { FileIdentity } from './artifacts/hash-file.ts'
export { checkGit } from './git/check-git.ts'
export type { HostEnvironment } from './git/git-environment.ts'
export { type IngestedVersion, ingestVersion } from './ingest/ingest-version.ts'
export type { BlobSource } from './mirror/blob-source.ts'
export type { CommitInfo } from './mirror/commit-info.ts'
export {
  type FetchOptions,
  type FetchResult,
  RepositoryMirror,
  type RepositoryMirrorOptions,
} from './mirror/repository-mirror.ts'
export { parseRepositoryUrl, type RepositoryUrl } from './mirror/repository-url.ts'
export { type PushedModel, type PushModelOptions, pushModel } from './push/push-model.ts'
export type { Author } from './repository/commit-template.ts'
export {
  createModelsRepository,
  type ModelsRepository,
  type ModelsRepositoryOptions,
} from './repository/create-models-repository.ts'
export { watchPushes } from './repository/watch-pushes.ts'
export { SNAPSHOT_LIMITS } from './snapshot/limits.ts'
export type { Problem } from './snapshot/problem.ts'
export { type EnvironmentRead, readEnvironment } from './snapshot/read-environment.ts'
export { readSnapshot } from './snapshot/read-snapshot.ts'
export type {
  FileKind,
  ModelSnapshot,
  RepositorySnapshot,
  SnapshotFile,
  VersionSnapshot,
} from './snapshot/repository-snapshot.ts'
export { type ClaimedPointers, claimPointers, type KnownModels } from './sync/claim-pointers.ts'
export { planSync } from './sync/plan-sync.ts'
export type {
  RecordedModel,
  RecordedRepository,
  RecordedVersion,
  Refusal,
} from './sync/recorded-repository.ts'
export type { SyncAction, SyncPlan } from './sync/sync-plan.ts'
export type {
  GoldenText,
  QuarantineInput,
  QuarantinePort,
  QuarantineReport,
} from './validation/quarantine-port.ts'
export type { Reason } from './validation/reason.ts'
export {
  type ValidationInput,
  type ValidationPorts,
  type ValidationReport,
  validateVersion,
} from './validation/validate-version.ts'
export {
  type ValidateWorkingTreeOptions,
  type VersionReport,
  validateWorkingTree,
  type WorkingTreeReport,
} from './working-tree/validate-working-tree.ts'
