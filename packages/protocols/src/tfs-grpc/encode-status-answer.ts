import {
  GetModelStatusResponse,
  ModelVersionStatus_State as State,
} from '../generated/tensorflow_serving/apis/get_model_status.ts'
import { GRPC_STATUS } from '../grpc/grpc-status.ts'
import type { TfsStatus } from '../tfs/encode-model-status.ts'

/** Writes a `GetModelStatusResponse`. */
export function encodeStatusAnswer(statuses: readonly TfsStatus[]): Uint8Array {
  return GetModelStatusResponse.encode({
    modelVersionStatus: statuses.map(({ version, state, errorCode, errorMessage }) => ({
      version: BigInt(version),
      state: State[state],
      status: { errorCode: errorCode === 'OK' ? 0 : GRPC_STATUS[errorCode], errorMessage },
    })),
  }).finish()
}
