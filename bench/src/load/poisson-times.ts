/** Times in milliseconds of a Poisson process that begins at `fromMs`, in order; the same seed gives the same ones. */
export function poissonTimes(
  ratePerSecond: number,
  seed: number,
  span: { readonly fromMs: number; readonly durationMs: number },
): Float64Array {
  const times: number[] = []
  const nextUniform = uniformNumbers(seed)
  for (let offsetMs = 0; ; ) {
    offsetMs += (-Math.log(1 - nextUniform()) * 1_000) / ratePerSecond
    if (offsetMs > span.durationMs) return Float64Array.from(times)
    times.push(span.fromMs + offsetMs)
  }
}

/** Gives numbers in [0, 1), by mulberry32. */
function uniformNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
