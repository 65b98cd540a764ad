import type { SpawnTools } from './probe-spawn-tools.ts'
import type { ProcessStarter } from './process-starter.ts'
import { runTool } from './run-tool.ts'

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
  /** Who runs the helper, so that the caller need not fork; undefined for the caller. */
  readonly starter: ProcessStarter | undefined
}

/** Sets RLIMIT_DATA of a running process, and tells whether it is in force. */
export async function limitData(target: DataLimitTarget, sizeBytes: number): Promise<boolean> {
  const { pid, tools, owner, starter } = target
  if (!tools?.prlimit) return false
  const command = [tools.prlimit, '--pid', String(pid), dataArgument(tools, sizeBytes, false)]
  // Without the right to change limits of others, it must be done as the one whose process it is.
  const call = { command, identity: tools.mayRaiseLimits ? undefined : owner }
  return (await starter?.runTool(call)) ?? (await runTool(call))
}
