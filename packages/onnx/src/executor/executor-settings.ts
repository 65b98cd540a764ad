/** What an executor is told on its command line; everything else comes in frames. No secrets: the line is visible in `ps`. */
export interface ExecutorSettings {
  /** User and group to become when started as root. */
  readonly uid: number
  readonly gid: number
  /** Resident memory at which the watchdog ends the process; 0 for no such limit. */
  readonly memoryLimitBytes: number
  readonly maxFrameBytes: number
}

/** Handles of the two sockets that an executor inherits. */
export const FRAMES_FD = 3
export const LIFELINE_FD = 4

/** One byte on the lifeline before the watchdog ends the process: why it does. */
export const LAST_WORDS = { runTimeout: 0x52, loadTimeout: 0x4c, memory: 0x4d } as const
export type LastWord = keyof typeof LAST_WORDS

export function settingsToArgument(settings: ExecutorSettings): string {
  const { uid, gid, memoryLimitBytes, maxFrameBytes } = settings
  return [uid, gid, memoryLimitBytes, maxFrameBytes].join(',')
}

/** Reads what {@link settingsToArgument} wrote; anything else is a defect of the caller. */
export function settingsFromArgument(argument: string): ExecutorSettings {
  const numbers = argument.split(',').map(Number)
  const [uid, gid, memoryLimitBytes, maxFrameBytes] = numbers
  const isComplete =
    uid !== undefined && gid !== undefined && memoryLimitBytes !== undefined && maxFrameBytes !== undefined
  if (!isComplete || !numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw new TypeError(`"${argument}" is not uid,gid,memoryLimitBytes,maxFrameBytes`)
  }
  return { uid, gid, memoryLimitBytes, maxFrameBytes }
}
