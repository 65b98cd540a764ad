/** What an executor is told on its command line; everything else comes in frames. No secrets: the line is visible in `ps`. */
export interface ExecutorSettings {
  /** User and group to become when started as root. */
  readonly uid: number
  readonly gid: number
  /** Anonymous memory at which the watchdog ends the process, until it is told another limit; 0 for none. */
  readonly memoryLimitBytes: number
  readonly maxFrameBytes: number
  /** Largest answer of one run. */
  readonly maxResponseBytes: number
}

/** Handles of the two sockets that an executor inherits. */
export const FRAMES_FD = 3
export const LIFELINE_FD = 4

/** One byte on the lifeline before the process ends itself: why it does. */
export const LAST_WORDS = { runTimeout: 0x52, loadTimeout: 0x4c, memory: 0x4d } as const
export type LastWord = keyof typeof LAST_WORDS

const KEYS = ['uid', 'gid', 'memoryLimitBytes', 'maxFrameBytes', 'maxResponseBytes'] as const

export function settingsToArgument(settings: ExecutorSettings): string {
  return KEYS.map((key) => settings[key]).join(',')
}

/** Reads what {@link settingsToArgument} wrote; anything else is a defect of the caller. */
export function settingsFromArgument(argument: string): ExecutorSettings {
  const parts = argument.split(',')
  const number = (key: (typeof KEYS)[number]): number => {
    const value = Number(parts[KEYS.indexOf(key)])
    if (parts.length !== KEYS.length || !Number.isSafeInteger(value) || value < 0) {
      throw new TypeError(`"${argument}" is not ${KEYS.join(',')}`)
    }
    return value
  }
  return {
    uid: number('uid'),
    gid: number('gid'),
    memoryLimitBytes: number('memoryLimitBytes'),
    maxFrameBytes: number('maxFrameBytes'),
    maxResponseBytes: number('maxResponseBytes'),
  }
}
