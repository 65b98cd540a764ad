/** How one request ended. */
export interface RequestOutcome {
  /** From the scheduled time, so that queueing counts. */
  readonly latencyMs: number
  /** Version that answered; null when none did. */
  readonly version: string | null
  readonly error: string | null
}

export interface OpenLoopOptions {
  readonly ratePerSecond: number
  readonly durationMs: number
  readonly send: (index: number) => Promise<Omit<RequestOutcome, 'latencyMs'>>
  readonly onOutcome?: ((outcome: RequestOutcome) => void) | undefined
  /** Requests that may be open at once; one more counts as failed, so that a dead server is seen. @defaultValue 1000 */
  readonly openMax?: number
}

/**
 * Sends at times fixed beforehand, whether or not earlier answers are there: a slow server does not slow its load down.
 *
 * Resolves when every request has ended.
 */
export async function openLoop(options: OpenLoopOptions): Promise<readonly RequestOutcome[]> {
  const { ratePerSecond, durationMs, send, onOutcome, openMax = 1_000 } = options
  const total = Math.round((ratePerSecond * durationMs) / 1_000)
  const outcomes: RequestOutcome[] = []
  const began = performance.now()
  let open = 0
  const running: Promise<void>[] = []
  const sendOne = async (index: number, scheduled: number) => {
    const outcome =
      open >= openMax
        ? { version: null, error: `${openMax} requests are open: the server does not keep up` }
        : await (async () => {
            open++
            try {
              return await send(index)
            } finally {
              open--
            }
          })()
    const settled = { ...outcome, latencyMs: performance.now() - scheduled }
    outcomes.push(settled)
    onOutcome?.(settled)
  }
  for (let index = 0; index < total; index++) {
    const scheduled = began + (index * 1_000) / ratePerSecond
    const wait = scheduled - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    running.push(sendOne(index, scheduled))
  }
  await Promise.all(running)
  return outcomes
}

/** The value below which a share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
