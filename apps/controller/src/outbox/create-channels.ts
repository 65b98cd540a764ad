import type { Clock } from '@understudy/core'
import type { ControllerEnv } from '../env.ts'
import type { Channel } from './channel.ts'
import { createEmailChannel } from './email-channel.ts'
import { createSlackChannel } from './slack-channel.ts'
import { createWebhookChannel } from './webhook-channel.ts'

/** One attempt takes no longer: well below the lease of a delivery. */
const SEND_TIMEOUT_MS = 10_000

/** The channels that the environment asks for, none when it asks for none. */
export function createChannels(env: ControllerEnv, clock: Clock): readonly Channel[] {
  const channels: Channel[] = []
  const timeoutMs = SEND_TIMEOUT_MS
  const { UNDERSTUDY_NOTIFY_WEBHOOK_URL: url, UNDERSTUDY_NOTIFY_WEBHOOK_SECRET: secret } = env
  if (url !== undefined && secret !== undefined) {
    channels.push(createWebhookChannel({ url, secret, clock, timeoutMs }))
  }
  const { UNDERSTUDY_NOTIFY_SLACK_URL: slackUrl } = env
  if (slackUrl !== undefined) channels.push(createSlackChannel({ url: slackUrl, timeoutMs }))
  const { UNDERSTUDY_NOTIFY_SMTP_URL: smtpUrl } = env
  const { UNDERSTUDY_NOTIFY_EMAIL_FROM: from, UNDERSTUDY_NOTIFY_EMAIL_TO: to } = env
  if (smtpUrl !== undefined && from !== undefined && to !== undefined) {
    channels.push(createEmailChannel({ smtpUrl, from, to, timeoutMs }))
  }
  return channels
}
