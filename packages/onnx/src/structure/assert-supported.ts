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

function assertTensor(role: string, value: DeclaredValue): void {
  if (value.kind !== 'tensor') {
    throw unsupported(
      `${role} "${value.name}" is a ${value.kind}; only tensors are served. Export without it (for scikit-learn: zipmap off).`,
    )
  }
  if (DTYPE_BY_ELEMENT_TYPE[value.elementType] === undefined) {
    throw unsupported(
      `${role} "${value.name}" is ${elementTypeName(value.elementType)}; expected one of ${DTYPES.join(', ')}.`,
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
