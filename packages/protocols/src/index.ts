export { DescriptorIndex } from './grpc/descriptor-index.ts'
export { GRPC_STATUS, grpcMessage, grpcStatusOf } from './grpc/grpc-status.ts'
export { WIRE_TYPE, WireReader } from './grpc/wire-reader.ts'
export { WireWriter } from './grpc/wire-writer.ts'
export { decodeFloat16, encodeFloat16 } from './json/float16.ts'
export { JsonNumber, type JsonObject, type JsonValue } from './json/json-value.ts'
export { nestsTooDeep } from './json/parse-json.ts'
export { type AnswerEncoding, acceptedEncoding } from './oip/accepted-encoding.ts'
export { checkClassifiable, classify } from './oip/classification.ts'
export { dtypeOf, OIP_DATATYPE, type OipDatatype } from './oip/datatypes.ts'
export {
  decodeInferRequest,
  INFERENCE_HEADER_LENGTH,
  type InferContext,
  parseHeaderLength,
} from './oip/decode-infer-request.ts'
export {
  checkAnswerForm,
  type EncodedInfer,
  encodeInferResponse,
  type InferAnswer,
  textElements,
} from './oip/encode-infer-response.ts'
export type { AnswerForm, InferDocument, InferRequest, RequestedOutput } from './oip/infer-request.ts'
export {
  OIP_EXTENSIONS,
  OIP_LOAD_REFUSED,
  OIP_PLATFORM,
  oipModelConfig,
  oipModelIndex,
  oipModelMetadata,
} from './oip/oip-documents.ts'
export { encodeOipError, OIP_HTTP_STATUS, type OipSubject, oipErrorMessage } from './oip/oip-error.ts'
export { isOipPath, type OipRoute, parseOipRoute } from './oip/oip-route.ts'
export { decodeRawTensor, encodeRawTensor } from './oip/raw-tensor.ts'
export { readIndexRequest } from './oip/read-index-request.ts'
export { readInferDocument } from './oip/read-infer-document.ts'
export { decodeInferCall } from './oip-grpc/decode-infer-call.ts'
export { encodeInferAnswer, encodeStreamAnswer, encodeStreamError } from './oip-grpc/encode-infer-answer.ts'
export type { InferCall } from './oip-grpc/infer-call.ts'
export { selectorOfVersion } from './oip-grpc/version-selector.ts'
export { openApiDocument } from './openapi/openapi-document.ts'
export { servedByHeaders } from './served-by-headers.ts'
export { BodyScanner, canScan, type ValueScanner } from './tfs/body-scanner.ts'
export { decodeInstances } from './tfs/decode-instances.ts'
export { decodePredictBody } from './tfs/decode-predict-body.ts'
export type { ElementWriter, WriterFactory } from './tfs/element-writer.ts'
export { encodeModelMetadata, type TfsDescription } from './tfs/encode-model-metadata.ts'
export { encodeModelStatus, modelStatus, type TfsVersionStatus } from './tfs/encode-model-status.ts'
export { encodePredictResponse } from './tfs/encode-predict-response.ts'
export { type Classification, classificationsOf } from './tfs/examples/classifications-of.ts'
export type { Example, ExampleList, Feature } from './tfs/examples/example.ts'
export {
  decodeExamplesRequest,
  type ExamplesRequest,
  type ExamplesTarget,
  encodeExamplesResponse,
  mappedOutputNames,
} from './tfs/examples/examples-codec.ts'
export { examplesToInputs } from './tfs/examples/examples-to-inputs.ts'
export { regressionsOf } from './tfs/examples/regressions-of.ts'
export { MAX_RANK, tensorFromJson } from './tfs/fill-tensor.ts'
export { isTfsPath, parseTfsRoute, type TfsRoute } from './tfs/parse-tfs-route.ts'
export type { PredictBody, PredictForm } from './tfs/predict-body.ts'
export {
  checkPredictSignature,
  DEFAULT_SIGNATURE,
  mappingFor,
  type SignatureDef,
  type SignatureMappings,
  type SignatureTensor,
  signatureDefs,
} from './tfs/signature-defs.ts'
export { TensorScanner } from './tfs/tensor-scanner.ts'
export { encodeTfsError, TFS_HTTP_STATUS } from './tfs/tfs-error.ts'
export { ExamplesCall } from './tfs-grpc/decode-examples-call.ts'
export { type MappedTask, MultiInferenceCall } from './tfs-grpc/decode-multi-inference.ts'
export { PredictCall } from './tfs-grpc/decode-predict-call.ts'
export { encodeMetadataAnswer, SIGNATURE_DEF } from './tfs-grpc/encode-metadata-answer.ts'
export { encodePredictAnswer } from './tfs-grpc/encode-predict-answer.ts'
export { encodeExamplesAnswer, encodeMultiInferenceAnswer } from './tfs-grpc/encode-results-answer.ts'
export { encodeStatusAnswer } from './tfs-grpc/encode-status-answer.ts'
export {
  effectiveSignature,
  isDefaultSignature,
  type ModelSpec,
  requireModelSpec,
  signatureNotFound,
} from './tfs-grpc/model-spec.ts'
export { shownName } from './tfs-grpc/shown-name.ts'
export { type TfsSubject, tensorNameMistake, tfsErrorMessage } from './tfs-grpc/tfs-grpc-error.ts'
