import { MODEL_NAME_PATTERN } from '@understudy/core'
import type { PredictInput, RowInput, TensorInput } from './schemas.ts'

const LABEL_CHARACTERS_MAX = 63
const OUTPUTS_MAX = 1_000
const TIMEOUT_MAX_MS = 600_000

type Members = Readonly<Record<string, unknown>>

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Absent and given are told apart by the key: JSON has no undefined. */
function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined
}

function isVersion(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1)
}

function isLabel(value: unknown): value is string | undefined {
  if (value === undefined) return true
  return typeof value === 'string' && value.length >= 1 && value.length <= LABEL_CHARACTERS_MAX
}

function isTimeout(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value > 0 && value <= TIMEOUT_MAX_MS)
}

function isOutputs(value: unknown): value is readonly string[] | undefined {
  if (value === undefined) return true
  if (!Array.isArray(value) || value.length < 1 || value.length > OUTPUTS_MAX) return false
  return value.every((name) => typeof name === 'string')
}

function isInputs(value: unknown): value is Record<string, TensorInput> | undefined {
  // The schema drops a member of that name, and this must not tell another story.
  return value === undefined || (isMembers(value) && !Object.hasOwn(value, '__proto__'))
}

function isInstances(value: unknown): value is RowInput[] | undefined {
  return value === undefined || (Array.isArray(value) && value.length >= 1)
}

/**
 * The input of `predict` out of a parsed JSON value: exactly what `predictSchema` makes of it, or undefined where that refuses it or
 * where it is not sure to do the same. A few comparisons instead of a schema's machinery; a test holds both together.
 */
export function readPredictInput(value: unknown): PredictInput | undefined {
  if (!isMembers(value)) return undefined
  const model = own(value, 'model')
  const version = own(value, 'version')
  const label = own(value, 'label')
  const inputs = own(value, 'inputs')
  const instances = own(value, 'instances')
  const outputs = own(value, 'outputs')
  const timeoutMs = own(value, 'timeoutMs')
  if (typeof model !== 'string' || !MODEL_NAME_PATTERN.test(model)) return undefined
  if (!isVersion(version) || !isLabel(label) || !isInputs(inputs) || !isInstances(instances)) return undefined
  if (!isOutputs(outputs) || !isTimeout(timeoutMs)) return undefined
  if (version !== undefined && label !== undefined) return undefined
  if ((inputs === undefined) === (instances === undefined)) return undefined
  return { model, version, label, inputs, instances, outputs: outputs?.slice(), timeoutMs }
}
