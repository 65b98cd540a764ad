export { compareContract } from './contract/compare-contract.ts'
export type { ModelForm } from './frames/frame.ts'
export { firstDifference, type TensorDifference, type Tolerance } from './golden/compare-tensors.ts'
export { float16ToNumber, numberToFloat16 } from './golden/float16.ts'
export type { GoldenFile } from './golden/golden-file.ts'
export { goldenRequests } from './golden/golden-requests.ts'
export { tensorFromJson } from './golden/tensor-from-json.ts'
export type { ExecutorEvent, VersionIncident } from './loader/executor-events.ts'
export { type IngestedVersion, OnnxLoader, type OnnxLoaderOptions } from './loader/onnx-loader.ts'
export {
  type ComparedPair,
  type ComparedRun,
  type ComparedVersion,
  ComparisonExecutor,
  type ComparisonExecutorOptions,
  type ComparisonOrder,
  type Opponent,
} from './pool/comparison-executor.ts'
export { ExecutorPool, type ExecutorPoolOptions, type PooledProcess } from './pool/executor-pool.ts'
export { type ComparableVersion, type PlannedComparison, planComparison } from './pool/plan-comparison.ts'
export { ExecutorClient, type LoadedModel, type LoadRequest } from './process/executor-client.ts'
export { describeExit, type ExecutorExit } from './process/executor-exit.ts'
export type { ExecutorOptions, ProtectionReport } from './process/executor-options.ts'
export { probeSpawnTools, type SpawnTools } from './process/probe-spawn-tools.ts'
export type {
  QuarantineLimits,
  QuarantineOptions,
  QuarantineReport,
} from './quarantine/quarantine-options.ts'
export {
  createQuarantineRunner,
  type QuarantineRunner,
  type QuarantineSubject,
} from './quarantine/quarantine-runner.ts'
export { runQuarantine } from './quarantine/run-quarantine.ts'
export { Starter } from './starter/starter.ts'
export type { ModelStructure } from './structure/model-structure.ts'
export { readModelStructure, readModelStructureFile } from './structure/read-model-structure.ts'
export type { StructureLimits } from './structure/structure-limits.ts'
