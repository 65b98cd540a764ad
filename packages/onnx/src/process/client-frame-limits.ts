import { DEFAULT_FRAME_LIMITS, type FrameLimits } from '../frames/frame-limits.ts'
import { DEFAULT_MAX_RESPONSE_BYTES, type ExecutorOptions } from './executor-options.ts'

/** What the parent sends at most, and what it takes. */
export interface FrameLimitsOfBoth {
  readonly requests: FrameLimits
  readonly replies: FrameLimits
}

/** Headers, times and the longest signature. */
const BESIDE_ANSWER_BYTES = 1024 * 1024

/** An executor refuses larger answers itself; one that its model has taken over may not. */
export function frameLimits(options: ExecutorOptions): FrameLimitsOfBoth {
  const { maxFrameBytes = DEFAULT_FRAME_LIMITS.maxFrameBytes } = options
  const { maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = options
  const requests = { ...DEFAULT_FRAME_LIMITS, maxFrameBytes }
  const maxReplyBytes = Math.min(maxFrameBytes, maxResponseBytes + BESIDE_ANSWER_BYTES)
  return { requests, replies: { ...requests, maxFrameBytes: maxReplyBytes } }
}
