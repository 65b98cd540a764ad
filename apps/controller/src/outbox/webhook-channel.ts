import type { Clock } from '@understudy/core'
import type { Channel } from './channel.ts'
import { postJson } from './post-json.ts'
import { signWebhook } from './sign-webhook.ts'

export interface WebhookChannelOptions {
  readonly url: string
  /** Shared with the receiver. */
  readonly secret: string
  readonly clock: Clock
  readonly timeoutMs: number
}

/** Posts each message as JSON, signed at the moment of sending. */
export function createWebhookChannel({ url, secret, clock, timeoutMs }: WebhookChannelOptions): Channel {
  return {
    name: 'webhook',
    send: (message, signal) => {
      const body = JSON.stringify(message)
      const headers = {
        'user-agent': 'understudy',
        'understudy-notification-id': message.id,
        'understudy-signature': signWebhook(secret, Math.floor(clock.now() / 1_000), body),
      }
      return postJson({ url, body, headers, timeoutMs, signal })
    },
  }
}
