export { GitRepository } from './git-repository.ts'
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
  hungryLoadModel,
  hungryModel,
  identityModel,
  type LinearModelOptions,
  linearModel,
  slowLoadModel,
} from './onnx-models.ts'
export { TestClock } from './test-clock.ts'
export { waitFor } from './wait-for.ts'
