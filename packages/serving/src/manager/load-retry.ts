import type { PlatformError } from '@understudy/core'

/** How often and how fast a load is tried again when its error may pass by itself. */
export interface LoadRetry {
  /** Attempts in one go, the first included, before the version is reported in `error`. */
  readonly attempts: number
  readonly initialDelayMs: number
  readonly delayMsMax: number
}

export const DEFAULT_LOAD_RETRY: LoadRetry = { attempts: 4, initialDelayMs: 250, delayMsMax: 10_000 }

/** True when the same load may work later without anyone changing anything. */
export function mayPass(error: PlatformError): boolean {
  return error.retry !== 'never' && error.retry !== 'afterChange'
}

/** Milliseconds to wait after the failed attempt of this number (from 1), or undefined when it was the last one. */
export function retryDelayMs(error: PlatformError, attempt: number, retry: LoadRetry): number | undefined {
  if (!mayPass(error) || attempt >= retry.attempts) return undefined
  if (typeof error.retry === 'object') return error.retry.afterMs
  return Math.min(retry.delayMsMax, retry.initialDelayMs * 2 ** (attempt - 1))
}
