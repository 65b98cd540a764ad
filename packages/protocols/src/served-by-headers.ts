import { SERVED_BY_HEADERS, type ServedBy } from '@understudy/core'

/** Headers that say who answered, the same on every HTTP surface. */
export function servedByHeaders(servedBy: ServedBy): Record<string, string> {
  return {
    [SERVED_BY_HEADERS.model]: servedBy.model,
    [SERVED_BY_HEADERS.version]: String(servedBy.version),
    [SERVED_BY_HEADERS.digest]: servedBy.digest,
    [SERVED_BY_HEADERS.commit]: servedBy.commit,
    [SERVED_BY_HEADERS.variant]: servedBy.variant,
    [SERVED_BY_HEADERS.generation]: String(servedBy.generation),
    ...(servedBy.override !== undefined && { [SERVED_BY_HEADERS.override]: servedBy.override }),
  }
}
