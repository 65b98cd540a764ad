import { execFile } from 'node:child_process'
import type { SpawnTools } from './probe-spawn-tools.ts'

const TIMEOUT_MS = 5_000

/** ONNX Runtime maps external data privately, which counts as data, and twice. */
const DATA_PER_MAPPED = 2

/** RLIMIT_DATA under which so much memory and so much mapped data fit. */
export function dataBytes(memoryLimitBytes: number, mappedBytes: number): number {
  return memoryLimitBytes + DATA_PER_MAPPED * mappedBytes
}

/** Argument of `prlimit` for so many bytes of data. */
export function dataArgument(tools: SpawnTools, sizeBytes: number, isFixed: boolean): string {
  // Both limits, so that the process cannot raise it itself; only the soft one where its parent could not raise it again either.
  const isBoth = isFixed || tools.mayRaiseLimits
  return `--data=${sizeBytes + tools.reservedBytes}${isBoth ? '' : ':'}`
}

export interface DataLimitTarget {
  readonly pid: number
  readonly tools: SpawnTools | undefined
  /** User and group of the process, where they are not those of the parent. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

/** Sets RLIMIT_DATA of a running process, and tells whether it is in force. */
export function limitData({ pid, tools, owner }: DataLimitTarget, sizeBytes: number): Promise<boolean> {
  if (!tools?.prlimit) return Promise.resolve(false)
  const { prlimit } = tools
  const args = ['--pid', String(pid), dataArgument(tools, sizeBytes, false)]
  // Without the right to change limits of others, it must be done as the one whose process it is.
  const identity = tools.mayRaiseLimits ? undefined : owner
  const options = { env: {}, cwd: '/', timeout: TIMEOUT_MS, ...identity }
  return new Promise((resolve) => {
    execFile(prlimit, args, options, (error) => resolve(error === null))
  })
}
