import type { DType, PlatformError, TensorData } from '@understudy/core'
import { describeJson } from '../json/describe-json.ts'
import { JsonNumber, type JsonValue } from '../json/json-value.ts'
import { INTEGER_RANGES, type IntegerType, isBigType, isIntegerType } from './json-number-types.ts'
import { JSON_ACCESS, shownName, unableToParse } from './oip-error-texts.ts'

/** Writes one JSON value into a store. @throws PlatformError `request.malformed` when it is not of the type */
export type ElementWriter = (value: JsonValue, at: number) => void

/** Longer texts cannot be in range, and would take quadratic time. */
const INTEGER_TEXT_MAX = 32

function toBigInt(value: JsonValue): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return value instanceof JsonNumber && value.isInteger && value.text.length <= INTEGER_TEXT_MAX
    ? BigInt(value.text)
    : undefined
}

type Refusal = (reason: string) => PlatformError

function integerWriter(dtype: IntegerType, data: TensorData, refusal: Refusal): ElementWriter {
  const [min, max] = INTEGER_RANGES[dtype]
  const access = dtype.startsWith('u') ? JSON_ACCESS.unsigned : JSON_ACCESS.signed
  const isBig = isBigType(dtype)
  return (value, at) => {
    const integer = toBigInt(value)
    if (integer === undefined || (integer < 0n && dtype.startsWith('u'))) throw refusal(access)
    if (integer < min || integer > max) throw refusal(`${describeJson(value)} is out of range of ${dtype}`)
    if (isBig) (data as BigInt64Array)[at] = integer
    else (data as Int32Array)[at] = Number(integer)
  }
}

/** The exact way for any value; what is fast comes before it. @param input its name, for messages */
export function elementWriter(dtype: DType, data: TensorData, input: string): ElementWriter {
  const refusal = (reason: string) => unableToParse('data', `${reason} (input '${shownName(input)}')`)
  if (isIntegerType(dtype)) return integerWriter(dtype, data, refusal)
  if (dtype === 'bool') {
    return (value, at) => {
      if (typeof value !== 'boolean') throw refusal(JSON_ACCESS.boolean)
      ;(data as Uint8Array)[at] = value ? 1 : 0
    }
  }
  if (dtype === 'string') {
    return (value, at) => {
      if (typeof value !== 'string') throw refusal(JSON_ACCESS.string)
      ;(data as string[])[at] = value
    }
  }
  return (value, at) => {
    if (typeof value === 'number') (data as Float64Array)[at] = value
    else if (value instanceof JsonNumber) (data as Float64Array)[at] = value.value
    else throw refusal(JSON_ACCESS.double)
  }
}
