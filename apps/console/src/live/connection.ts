/** What the page knows of its stream. `at`: the server's clock at the last sign of life, ISO 8601. */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost'
  readonly at: string | null
}

/** Without a sign of life for this long the page says that it is cut off. */
export const LOST_AFTER_MS = 5_000

/** Whether a sign of life tells of a change, or of a new stream that may have missed some. */
export function tellsOfChange(last: number | null, seq: number): boolean {
  return last === null || seq !== last
}
