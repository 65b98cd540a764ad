/**
 * Waits until `probe` gives something other than undefined, false or null, and returns it.
 *
 * The way to wait in tests: for a condition, never for a time. Fails with the last error, or with what was waited for.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 45_000, everyMs = 20 } = options
  const deadline = performance.now() + timeoutMs
  let lastError: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== null && value !== false) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (performance.now() > deadline) {
      const because =
        lastError === undefined
          ? ''
          : `: ${lastError instanceof Error ? lastError.message : String(lastError)}`
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}${because}`, { cause: lastError })
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
