export { askSocket } from './ask-socket.ts'
export { Cable } from './cable.ts'
export { GitRepository } from './git-repository.ts'
export { type NewVersion, NodeRig } from './node-rig.ts'
export {
  type ExternalLocation,
  type OnnxAttribute,
  OnnxBuilder,
  type OnnxBuilderOptions,
  type OnnxDimension,
  type OnnxElementType,
  OnnxGraph,
  type OnnxNodeOptions,
  type OnnxTensor,
} from './onnx-builder.ts'
export {
  batchDependentModel,
  endlessModel,
  endlessOnNanModel,
  externalLinearModel,
  fixedBatchModel,
  growingModel,
  hugeAnswerModel,
  hungryLoadModel,
  hungryModel,
  identityModel,
  type LinearModelOptions,
  linearModel,
  manyValuesModel,
  slowLoadModel,
} from './onnx-models.ts'
export { cpuTimeMs, type MemoryUse, memoryUse, startCpuMeter } from './process-usage.ts'
export { type ProcessEntry, processesNaming, processTable, processTree, stillRunning } from './processes.ts'
export { CRASHING_QUOTIENT, quotientModel } from './quotient-model.ts'
export { RigNode, type RigNodeOptions } from './rig-node.ts'
export { TestClock } from './test-clock.ts'
export { waitFor } from './wait-for.ts'
