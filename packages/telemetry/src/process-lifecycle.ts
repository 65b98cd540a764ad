/** Why a process is asked to end. `parentGone`: the pipe to its parent closed, so nobody is left to stop it. */
export type ShutdownReason = 'SIGINT' | 'SIGTERM' | 'parentGone'

export interface ShutdownOptions {
  /**
   * Also end when stdin closes. Set it only when the parent holds the other end of a pipe: it closes even when the
   * parent is killed with SIGKILL. @defaultValue false
   */
  readonly parentPipe?: boolean | undefined
  /** After this long the process exits, finished or not, with code 1. @defaultValue 10_000 */
  readonly deadlineMs?: number | undefined
}

/** Calls back once when the pipe on stdin closes, however the parent ended. What arrives on it is thrown away. */
export function watchParentPipe(onGone: () => void): void {
  let told = false
  const tell = () => {
    if (told) return
    told = true
    onGone()
  }
  process.stdin.on('end', tell).on('close', tell).on('error', tell)
  process.stdin.resume()
}

/**
 * Ends this process in order, once: SIGTERM, SIGINT or a lost parent runs the handler, then the process exits with 0.
 *
 * A handler that fails or outlives the deadline makes it exit with 1. Later requests change nothing.
 */
export function onShutdown(
  handler: (reason: ShutdownReason) => Promise<void>,
  options: ShutdownOptions = {},
): void {
  const { parentPipe = false, deadlineMs = 10_000 } = options
  let begun = false
  const begin = (reason: ShutdownReason) => {
    if (begun) return
    begun = true
    setTimeout(() => process.exit(1), deadlineMs)
    Promise.resolve()
      .then(() => handler(reason))
      .then(
        () => process.exit(0),
        () => process.exit(1),
      )
  }
  process.on('SIGTERM', () => begin('SIGTERM'))
  process.on('SIGINT', () => begin('SIGINT'))
  if (parentPipe) watchParentPipe(() => begin('parentGone'))
}
