import type { ErrorCode } from '@understudy/core'

/** Why a version is rejected, as record, CLI and console show it. */
export interface Reason {
  readonly code: ErrorCode
  readonly message: string
}

const MAX_MESSAGE_CHARS = 1_000
const MAX_REASONS = 20

export function reason(code: ErrorCode, message: string): Reason {
  return { code, message: message.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_MESSAGE_CHARS) }
}

/** The first reasons, each once. */
export function tidyReasons(reasons: readonly Reason[]): Reason[] {
  const seen = new Map(reasons.map((one) => [`${one.code} ${one.message}`, one]))
  return [...seen.values()].slice(0, MAX_REASONS)
}
