import { PlatformError } from '@understudy/core'
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue, member } from '../json/json-value.ts'
import { JSON_ACCESS, malformed, shownName, unableToParse } from './oip-error-texts.ts'

const UINT64_MAX = 2 ** 64

/** Parameters of a request that mean something here. */
export interface RequestParameters {
  readonly timeoutMs: number | undefined
  readonly isBinary: boolean
}

function unsigned(value: JsonValue, name: string): number {
  const number = value instanceof JsonNumber && value.isInteger ? value.value : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number >= UINT64_MAX) {
    throw unableToParse(name, JSON_ACCESS.unsigned)
  }
  return number
}

function truth(value: JsonValue, name: string): boolean {
  if (typeof value !== 'boolean') throw unableToParse(name, JSON_ACCESS.boolean)
  return value
}

function objectOf(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw unableToParse('parameters', JSON_ACCESS.object)
  return value
}

/** Reserved names are checked even where nothing comes of them, the others for being single values. */
function check(name: string, value: JsonValue): void {
  switch (name) {
    case 'sequence_start':
    case 'sequence_end':
      truth(value, name)
      return
    case 'sequence_id':
      if (typeof value !== 'string') unsigned(value, name)
      return
    case 'priority':
      unsigned(value, name)
      return
    default:
  }
  if (name.startsWith('triton_')) {
    throw malformed(
      "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.",
    )
  }
  if (value === null || Array.isArray(value) || isJsonObject(value)) {
    throw malformed(
      `parameter '${shownName(name)}' has invalid type. It should be either 'int', 'bool', 'double', or 'string'.`,
    )
  }
}

/**
 * Reads the parameters of a whole request: `timeout` in microseconds (0 is none) and `binary_data_output`. Sequences and priorities are
 * accepted and change nothing: models here keep no state, and requests are answered in the order in which they come.
 *
 * @throws PlatformError `request.malformed`
 */
export function readRequestParameters(value: JsonValue): RequestParameters {
  const parameters = objectOf(value)
  let timeoutMs: number | undefined
  let isBinary = false
  for (const [name, parameter] of Object.entries(parameters)) {
    if (name === 'timeout') {
      const timeoutUs = unsigned(parameter, name)
      timeoutMs = timeoutUs === 0 ? undefined : timeoutUs / 1_000
    } else if (name === 'binary_data_output') isBinary = truth(parameter, name)
    else check(name, parameter)
  }
  return { timeoutMs, isBinary }
}

function refuseSharedMemory(parameters: JsonObject): void {
  if (member(parameters, 'shared_memory_region') === undefined) return
  throw new PlatformError('request.unsupported', 'Shared memory is not supported here; send the data itself.')
}

/** Size of the data that follows the JSON; undefined when the input has its data in the JSON. */
export function readBinarySize(value: JsonValue | undefined): number | undefined {
  if (value === undefined) return undefined
  const parameters = objectOf(value)
  refuseSharedMemory(parameters)
  const size = member(parameters, 'binary_data_size')
  return size === undefined ? undefined : unsigned(size, 'binary_data_size')
}

/** How one output is wanted. */
export function readOutputParameters(value: JsonValue | undefined): {
  readonly isBinary: boolean | undefined
  readonly classCount: number
} {
  if (value === undefined) return { isBinary: undefined, classCount: 0 }
  const parameters = objectOf(value)
  refuseSharedMemory(parameters)
  const binary = member(parameters, 'binary_data')
  const classes = member(parameters, 'classification')
  return {
    isBinary: binary === undefined ? undefined : truth(binary, 'binary_data'),
    classCount: classes === undefined ? 0 : unsigned(classes, 'classification'),
  }
}
