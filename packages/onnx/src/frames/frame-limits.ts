/** What a frame may hold at most. Both sides check both directions: neither trusts the other. */
export interface FrameLimits {
  /** Header and body together. */
  readonly maxFrameBytes: number
  readonly maxTensors: number
  readonly maxRank: number
  /** Length of one name, path or message. A string inside a tensor is bounded by the frame. */
  readonly maxTextBytes: number
}

export const DEFAULT_FRAME_LIMITS: FrameLimits = {
  maxFrameBytes: 256 * 1024 * 1024,
  maxTensors: 1_024,
  maxRank: 32,
  maxTextBytes: 64 * 1024,
}
