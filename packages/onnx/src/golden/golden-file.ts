import {
  type GoldenSample,
  goldenSampleSchema,
  type NamedTensors,
  PlatformError,
  type Signature,
  type Tensor,
  type TensorSpec,
  toPlatformError,
} from '@understudy/core'
import { tensorFromJson } from './tensor-from-json.ts'

/** A golden sample file as it lies in the repository. */
export interface GoldenFile {
  readonly path: string
  /** JSON text. */
  readonly content: string
}

/** A golden sample whose values have the types of a signature. */
export interface DecodedGolden {
  readonly path: string
  readonly inputs: NamedTensors
  readonly expected: NamedTensors
  readonly tolerance: GoldenSample['tolerance']
}

const MAX_GOLDEN_CHARS = 32 * 1024 * 1024

export function goldenMismatch(path: string, what: string, cause?: unknown): PlatformError {
  return new PlatformError('onnx.golden_mismatch', `golden sample ${path}${what}`, { cause })
}

/**
 * Reads a golden sample by the signature of its version.
 *
 * @throws PlatformError `onnx.golden_mismatch`, naming the file and what is wrong in it
 */
export function decodeGolden(file: GoldenFile, signature: Signature): DecodedGolden {
  const sample = parseSample(file)
  for (const spec of signature.inputs) {
    if (sample.request.inputs[spec.name] === undefined) {
      throw goldenMismatch(file.path, `: the request lacks the input "${spec.name}"`)
    }
  }
  return {
    path: file.path,
    inputs: decodeAll(file, sample.request.inputs, { specs: signature.inputs, role: 'input' }),
    expected: decodeAll(file, sample.response.outputs, { specs: signature.outputs, role: 'output' }),
    tolerance: sample.tolerance,
  }
}

function parseSample({ path, content }: GoldenFile): GoldenSample {
  if (content.length > MAX_GOLDEN_CHARS) throw goldenMismatch(path, `: larger than ${MAX_GOLDEN_CHARS} bytes`)
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch (error) {
    throw goldenMismatch(path, `: not JSON: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  const parsed = goldenSampleSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw goldenMismatch(path, `: ${issue?.path.join('.') || 'top'}: ${issue?.message ?? 'malformed'}`)
}

function decodeAll(
  file: GoldenFile,
  values: Readonly<Record<string, unknown>>,
  { specs, role }: { readonly specs: readonly TensorSpec[]; readonly role: string },
): NamedTensors {
  const tensors = new Map<string, Tensor>()
  for (const name of Object.keys(values)) {
    if (!specs.some((spec) => spec.name === name)) {
      const known = specs.map((spec) => `"${spec.name}"`).join(', ')
      throw goldenMismatch(file.path, `: there is no ${role} "${name}"; expected ${known}`)
    }
  }
  for (const spec of specs) {
    const value = values[spec.name]
    if (value === undefined) continue
    try {
      tensors.set(spec.name, tensorFromJson(spec, value))
    } catch (error) {
      throw goldenMismatch(file.path, `: ${role} ${toPlatformError(error).message}`, error)
    }
  }
  return tensors
}
