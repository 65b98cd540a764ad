import path from 'node:path'
import { DTYPES } from '@understudy/core'
import { DTYPE_BY_ELEMENT_TYPE, elementTypeName } from './element-types.ts'
import { unsupported } from './model-errors.ts'
import type { DeclaredValue, ModelStructure } from './model-structure.ts'

/** Domains whose operators are built into ONNX Runtime. */
const KNOWN_DOMAINS: ReadonlySet<string> = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.preview.training',
  'com.microsoft',
])

/**
 * Returns when the platform can serve a model of this structure.
 *
 * @throws PlatformError `onnx.unsupported`, naming the first thing that stands in the way
 */
export function assertSupported(structure: ModelStructure): void {
  for (const input of structure.inputs) assertTensor('Input', input)
  for (const output of structure.outputs) assertTensor('Output', output)
  assertDomains(structure)
  for (const file of structure.externalFiles) assertInside(file)
}

/** What to do instead, by what stands in the way. */
const REMEDY_BY_KIND: Readonly<Partial<Record<DeclaredValue['kind'], string>>> = {
  sequence:
    'For a scikit-learn classifier, convert with options={"zipmap": False}; else export its tensors as outputs of their own.',
  map: 'For a scikit-learn classifier, convert with options={"zipmap": False}; else export keys and values as tensors.',
  sparseTensor: 'Export it as a dense tensor.',
  optional: 'Export the model without the optional value.',
}
const REMEDY_BY_TYPE: Readonly<Record<string, string>> = {
  bfloat16: 'Put a Cast to or from float32 at the border of the model: its inner values may stay bfloat16.',
  complex64: 'Export real and imaginary parts as two float32 tensors.',
  complex128: 'Export real and imaginary parts as two float64 tensors.',
}

function assertTensor(role: string, value: DeclaredValue): void {
  if (value.kind !== 'tensor') {
    const what = value.kind === 'unknown' ? 'of an unknown kind' : `a ${value.kind}`
    const remedy = REMEDY_BY_KIND[value.kind] ?? 'Export the model without it.'
    throw unsupported(`${role} "${value.name}" is ${what}; only tensors are served. ${remedy}`)
  }
  if (DTYPE_BY_ELEMENT_TYPE[value.elementType] === undefined) {
    const type = elementTypeName(value.elementType)
    const remedy = REMEDY_BY_TYPE[type] ?? 'Put a Cast to one of them at the border of the model.'
    throw unsupported(
      `${role} "${value.name}" is ${type}; a served tensor is one of ${DTYPES.join(', ')}. ${remedy}`,
    )
  }
}

function assertDomains(structure: ModelStructure): void {
  const brought = new Set(structure.functions)
  for (const { domain, operator } of structure.operators) {
    if (KNOWN_DOMAINS.has(domain) || brought.has(`${domain}:${operator}`)) continue
    throw unsupported(
      `Operator "${operator}" of domain "${domain}" is custom; only operators of ONNX and ONNX Runtime are run.`,
    )
  }
}

/** External data must lie in the version's directory or below. */
function assertInside(location: string): void {
  const parts = location.split(/[\\/]/)
  const leaves =
    location === '' ||
    location.includes('\0') ||
    path.posix.isAbsolute(location) ||
    path.win32.isAbsolute(location) ||
    /^[A-Za-z]:/.test(location) ||
    parts.includes('..')
  if (leaves) {
    throw unsupported(
      `External data "${location}" lies outside the version's directory; expected a path below it.`,
    )
  }
}
