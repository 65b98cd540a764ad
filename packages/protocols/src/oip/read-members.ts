import type { DType, PlatformError } from '@understudy/core'
import { isJsonObject, type JsonValue, member } from '../json/json-value.ts'
import { dtypeOf } from './datatypes.ts'
import type { RequestedOutput } from './infer-request.ts'
import { JSON_ACCESS, malformed, shownName, unableToParse } from './oip-error-texts.ts'
import { readOutputParameters } from './read-parameters.ts'

/** No tensor has more axes. */
const RANK_MAX = 64
/** No model has more inputs or outputs; what is read here is looked through elsewhere. */
export const TENSORS_MAX = 4_096

/** An id is echoed, so it is copied and escaped on the way. */
const ID_CHARACTERS_MAX = 4_096

export function readId(value: JsonValue): string {
  if (typeof value !== 'string') throw unableToParse('id', JSON_ACCESS.string)
  if (value.length > ID_CHARACTERS_MAX) throw unableToParse('id', `more than ${ID_CHARACTERS_MAX} characters`)
  return value
}

export function existingInput(name: string): PlatformError {
  return malformed(`input '${shownName(name)}' already exists in request`)
}

export function missing(key: string, value: JsonValue | undefined, access: string): PlatformError {
  return unableToParse(
    key,
    value === undefined ? `attempt to access non-existing object member '${key}'` : access,
  )
}

export function readDatatype(value: JsonValue, name: JsonValue | undefined): DType {
  if (typeof value !== 'string') throw unableToParse('datatype', JSON_ACCESS.string)
  const dtype = dtypeOf(value)
  if (dtype !== undefined) return dtype
  const input = typeof name === 'string' ? ` '${shownName(name)}'` : ''
  throw malformed(`invalid datatype for input${input}: '${shownName(value)}' is not supported here`)
}

export function readSizes(value: JsonValue): readonly number[] {
  if (!Array.isArray(value)) throw unableToParse('shape', JSON_ACCESS.array)
  if (value.length > RANK_MAX) throw unableToParse('shape', `more than ${RANK_MAX} axes`)
  for (const size of value) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw unableToParse('shape', JSON_ACCESS.unsigned)
    }
  }
  return value as readonly number[]
}

export function checkSource(hasData: boolean, hasBinary: boolean): void {
  if (hasData !== hasBinary) return
  const found = hasData ? " set 'data' 'binary_data_size'" : ' no field is set'
  throw malformed(
    `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But${found}`,
  )
}

export function readOutputs(value: JsonValue): readonly RequestedOutput[] | undefined {
  if (!Array.isArray(value)) throw unableToParse('outputs', JSON_ACCESS.array)
  if (value.length > TENSORS_MAX) throw unableToParse('outputs', `more than ${TENSORS_MAX} of them`)
  const outputs: RequestedOutput[] = []
  const names = new Set<string>()
  for (const item of value as readonly JsonValue[]) {
    if (!isJsonObject(item)) throw unableToParse('outputs', JSON_ACCESS.object)
    const name = member(item, 'name')
    if (typeof name !== 'string') throw missing('name', name, JSON_ACCESS.string)
    if (names.has(name)) throw malformed(`output '${shownName(name)}' is requested more than once`)
    names.add(name)
    const { isBinary, classCount } = readOutputParameters(member(item, 'parameters'))
    outputs.push({ name, isBinary, classCount })
  }
  return outputs.length === 0 ? undefined : outputs
}
