import type { ArtifactRef } from '@understudy/core'

/** A process with the library loaded and a small model in it. */
const PROCESS_BYTES = 96 * 1024 * 1024
/** Peak during a load, in sizes of the files. */
const LOAD_FACTOR = 2

/** Upper bound of what a version needs in an executor of its own, from the size of its files alone. */
export function estimateMemoryBytes(files: readonly Pick<ArtifactRef, 'sizeBytes'>[]): number {
  return PROCESS_BYTES + LOAD_FACTOR * files.reduce((sum, file) => sum + file.sizeBytes, 0)
}
