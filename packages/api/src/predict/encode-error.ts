import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { errorData } from './error-shape.ts'
import { toTrpcError } from './trpc.ts'

/** One failed call. */
export interface EncodedError {
  readonly httpStatus: number
  /** The error of one call, as tRPC writes it. */
  readonly text: string
}

/** Writes what the stock adapter writes of an error that a call of `predict` throws. */
export function encodePredictError(thrown: unknown, requestId: string): EncodedError {
  const error = toTrpcError(thrown)
  const { code, message, cause } = error
  const httpStatus = getHTTPStatusCodeFromError(error)
  const data = errorData({ code, httpStatus, path: PREDICT_PATH }, cause, requestId)
  return { httpStatus, text: JSON.stringify({ message, code: TRPC_ERROR_CODES_BY_KEY[code], data }) }
}

/** The same of an input that the schema refuses. */
export function encodePredictRefusal(message: string, requestId: string): EncodedError {
  const code = 'BAD_REQUEST'
  const httpStatus = 400
  const data = errorData({ code, httpStatus, path: PREDICT_PATH }, undefined, requestId)
  return { httpStatus, text: JSON.stringify({ message, code: TRPC_ERROR_CODES_BY_KEY[code], data }) }
}

/** Procedure that the short way serves. */
export const PREDICT_PATH = 'predict'
