import {
  elementCount,
  isPlatformError,
  type NamedTensors,
  type PlatformError,
  type Signature,
  type Tensor,
} from '@understudy/core'
import { firstDifference, type TensorDifference } from './compare-tensors.ts'
import { type DecodedGolden, decodeGolden, type GoldenFile, goldenMismatch } from './golden-file.ts'

/** Runs a model once; the result has every output. */
export type RunModel = (inputs: NamedTensors) => Promise<NamedTensors>

export interface GoldenCheck {
  /** Samples that could be read and run, for the proof of the batch axis and for warm-up. */
  readonly decoded: readonly DecodedGolden[]
  /** One `onnx.golden_mismatch` for each sample that does not hold. */
  readonly reasons: readonly PlatformError[]
}

/**
 * Runs every golden sample and compares its answer. What is wrong with a sample is a reason, not an exception.
 *
 * @throws PlatformError what `run` throws, its `onnx.run_failed` excepted
 */
export async function checkGolden(
  files: readonly GoldenFile[],
  signature: Signature,
  run: RunModel,
): Promise<GoldenCheck> {
  const decoded: DecodedGolden[] = []
  const reasons: PlatformError[] = []
  for (const file of files.filter(({ path }) => path.endsWith('.json'))) {
    try {
      const golden = decodeGolden(file, signature)
      decoded.push(golden)
      const reason = compareAnswer(golden, await runSample(golden, run))
      if (reason) reasons.push(reason)
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'onnx.golden_mismatch') throw error
      reasons.push(error)
    }
  }
  return { decoded, reasons }
}

async function runSample(golden: DecodedGolden, run: RunModel): Promise<NamedTensors> {
  try {
    return await run(golden.inputs)
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'onnx.run_failed') throw error
    throw goldenMismatch(golden.path, `: the model failed: ${error.message}`, error)
  }
}

function compareAnswer(golden: DecodedGolden, answer: NamedTensors): PlatformError | undefined {
  for (const [name, expected] of golden.expected) {
    const actual = answer.get(name)
    if (!actual) return goldenMismatch(golden.path, `: the model gave no output "${name}"`)
    const difference = firstDifference(actual, expected, golden.tolerance)
    if (difference) return goldenMismatch(golden.path, describe(name, expected, difference))
  }
  return undefined
}

/** Text such as ` row 2: "probabilities" is 0.31, expected 0.94 ± 0.01`; rows count from 0. */
function describe(name: string, expected: Tensor, difference: TensorDifference): string {
  if (difference.kind === 'form') {
    return `: "${name}" is ${difference.actual}, expected ${difference.expected}`
  }
  const rowSize = elementCount(expected.shape.slice(1))
  const inRow = rowSize > 1 ? ` (element ${difference.index % rowSize} of the row)` : ''
  const row = expected.shape.length === 0 ? '' : ` row ${Math.floor(difference.index / rowSize)}`
  const margin = difference.allowed > 0 ? ` ± ${shown(difference.allowed)}` : ''
  return `${row}: "${name}" is ${shown(difference.actual)}, expected ${shown(difference.expected)}${margin}${inRow}`
}

function shown(value: number | bigint | string): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value)
}
