import { createHmac } from 'node:crypto'

/**
 * The value of `understudy-signature`: the moment of sending, and HMAC-SHA256 of `<moment>.<body>` under the shared secret. A receiver
 * that checks both knows that the body is ours and not an old one.
 */
export function signWebhook(secret: string, unixSeconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex')
  return `t=${unixSeconds},v1=${mac}`
}
