import { type DType, describeSpec, isPlatformError, PlatformError, type TensorSpec } from '@understudy/core'
import { describeJson } from '../json/describe-json.ts'
import { type JsonValue, jsonTypeName } from '../json/json-value.ts'
import { TENSORFLOW_TYPES } from './type-names.ts'

export function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

export function typeError(value: JsonValue, dtype: DType): PlatformError {
  return malformed(
    `JSON Value: ${describeJson(value)} Type: ${jsonTypeName(value)} is not of expected type: ${TENSORFLOW_TYPES[dtype].text}`,
  )
}

export function lossyError(value: JsonValue, dtype: DType): PlatformError {
  return malformed(
    `Cannot convert JSON value: ${describeJson(value)} to ${TENSORFLOW_TYPES[dtype].text} without loss of precision.`,
  )
}

export function unsupportedType(value: JsonValue, dtype: DType): PlatformError {
  return new PlatformError(
    'request.unsupported',
    `Conversion of JSON Value: ${describeJson(value)} to type: ${TENSORFLOW_TYPES[dtype].text}`,
  )
}

/** Adds to TensorFlow Serving's text, which does not say so, at which input it happened and what that expects. */
export function namingInput(error: unknown, spec: TensorSpec): unknown {
  if (!isPlatformError(error)) return error
  const message = `${error.message} (input ${spec.name}: ${describeSpec(spec)})`
  return new PlatformError(error.code, message, { cause: error })
}
