export { decodeFloat16 } from './json/float16.ts'
export { JsonNumber, type JsonObject, type JsonValue } from './json/json-value.ts'
export { nestsTooDeep } from './json/parse-json.ts'
export { servedByHeaders } from './served-by-headers.ts'
export { decodeInstances } from './tfs/decode-instances.ts'
export {
  decodePredictBody,
  type PredictBody,
  type PredictForm,
} from './tfs/decode-predict-body.ts'
export type { ElementWriter, WriterFactory } from './tfs/element-writer.ts'
export { encodeModelMetadata } from './tfs/encode-model-metadata.ts'
export { encodeModelStatus, type TfsVersionStatus } from './tfs/encode-model-status.ts'
export { encodePredictResponse } from './tfs/encode-predict-response.ts'
export { MAX_RANK, tensorFromJson } from './tfs/fill-tensor.ts'
export { isTfsPath, parseTfsRoute, type TfsRoute } from './tfs/parse-tfs-route.ts'
export { encodeTfsError, TFS_HTTP_STATUS } from './tfs/tfs-error.ts'
