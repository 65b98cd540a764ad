import type { NamedTensors, Signature } from '@understudy/core'
import { decodeGolden, type GoldenFile } from './golden-file.ts'

/**
 * The requests of golden sample files, for warm-up and for traffic. Files other than JSON are left out.
 *
 * @throws PlatformError `onnx.golden_mismatch` for a file that does not fit the signature
 */
export function goldenRequests(files: readonly GoldenFile[], signature: Signature): readonly NamedTensors[] {
  return files
    .filter((file) => file.path.endsWith('.json'))
    .map((file) => decodeGolden(file, signature).inputs)
}
