export const REASON_LIMITS = { least: 3, most: 500 } as const

/** The chip that says nothing by itself. */
export const OTHER = 'Other'

/** The reason as the record keeps it: the chip first, then what was written. */
export function composeReason(chip: string | null, text: string): string {
  const written = text.trim()
  if (chip === null || chip === OTHER) return written
  return written === '' ? chip : `${chip}: ${written}`
}

/** Why a reason cannot be sent, or undefined. */
export function reasonProblem(reason: string): string | undefined {
  const { length } = [...reason]
  if (length < REASON_LIMITS.least) return 'Give a reason: the record keeps it and the author reads it.'
  if (reason.length > REASON_LIMITS.most) return `Shorten the reason to ${REASON_LIMITS.most} characters.`
  return undefined
}
