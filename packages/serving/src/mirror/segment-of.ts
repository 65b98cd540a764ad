import type { InferenceRequest } from '@understudy/core'

/** Longer values name nothing that anybody would look up. */
const SEGMENT = /^[\x20-\x7e]{1,64}$/

/**
 * The segment that a request counts in: the value of the header when it is printable ASCII of at most 64 characters, else none. Never
 * throws.
 */
export function segmentOf(header: InferenceRequest['header'], name: string | null): string {
  if (name === null) return ''
  const value = headerOf(header, name)
  return value !== undefined && SEGMENT.test(value) ? value : ''
}

/** A header of a request; undefined also where its front cannot tell. Never throws. */
export function headerOf(header: InferenceRequest['header'], name: string): string | undefined {
  try {
    return header?.(name)
  } catch {
    return undefined
  }
}
