/** How often a candidate within its margins may be failed, all looks together. */
const ALPHA_HARM = 0.01
/** How often a candidate at its margin may be passed, all looks together. */
const ALPHA_SAFE = 0.05

export interface Thresholds {
  /** ln(G/α) of the harm test. */
  readonly logHarm: number
  /** ln(1/α) of the safety test. */
  readonly logSafe: number
}

/**
 * Thresholds of attempt k on one series: α·2^(1-k), so that all attempts together stay below 2α.
 *
 * @param questions gates that decide × required sources: each may fail the candidate, so they share α.
 */
export function thresholds(attempt: number, questions: number): Thresholds {
  const halvings = (attempt - 1) * Math.LN2
  return {
    logHarm: Math.log(Math.max(1, questions) / ALPHA_HARM) + halvings,
    logSafe: Math.log(1 / ALPHA_SAFE) + halvings,
  }
}
