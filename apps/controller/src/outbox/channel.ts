import type { OutgoingMessage } from './outgoing-message.ts'

export const CHANNEL_NAMES = ['webhook', 'slack', 'email'] as const
export type ChannelName = (typeof CHANNEL_NAMES)[number]

/** What became of one attempt. A `reason` is shown: it names no secret, and no address, which may be one. */
export type SendOutcome =
  | { readonly type: 'delivered' }
  | {
      readonly type: 'failed'
      readonly reason: string
      /** The receiver answered that it does not want this message; others it may want. */
      readonly refused: boolean
      /** When the receiver wants to be asked again, where it said so. */
      readonly retryAfterMs?: number | undefined
    }

/** One way to tell people. */
export interface Channel {
  readonly name: ChannelName
  /** Sends once, within a bounded time. Never rejects. */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<SendOutcome>
}
