import { systemClock } from '@understudy/core'
import { NOTIFICATION_KINDS } from '@understudy/db'
import { describe, expect, it } from 'vitest'
import { readEnv } from './env.ts'
import { createChannels } from './outbox/create-channels.ts'

const LEAST = { UNDERSTUDY_DATA_DIR: '/data', DATABASE_URL: 'postgres://x', UNDERSTUDY_REPO_URL: 'file:///x' }
const SECRET = 'hunter2-hunter2-hunter2'

function channelsOf(env: Readonly<Record<string, string>>): string[] {
  return createChannels(readEnv({ ...LEAST, ...env }), systemClock).map(({ name }) => name)
}

describe('whom the controller tells', () => {
  it('is nobody until it is said, of everything, and of drift after an hour', () => {
    const env = readEnv(LEAST)
    expect(createChannels(env, systemClock)).toEqual([])
    expect(env.UNDERSTUDY_NOTIFY_KINDS).toEqual(NOTIFICATION_KINDS)
    expect(env.UNDERSTUDY_DRIFT_ALARM).toBe(3_600_000)
  })

  it('is every channel that is given whole', () => {
    expect(
      channelsOf({
        UNDERSTUDY_NOTIFY_WEBHOOK_URL: 'http://127.0.0.1:9/hook',
        UNDERSTUDY_NOTIFY_WEBHOOK_SECRET: SECRET,
        UNDERSTUDY_NOTIFY_SLACK_URL: 'https://hooks.example/services/T/B/x',
        UNDERSTUDY_NOTIFY_SMTP_URL: 'smtps://user:pw@mail.example:465',
        UNDERSTUDY_NOTIFY_EMAIL_FROM: 'Understudy <understudy@example.org>',
        UNDERSTUDY_NOTIFY_EMAIL_TO: 'a@example.org, b@example.org',
        UNDERSTUDY_NOTIFY_KINDS: 'failed, rolledBack',
        UNDERSTUDY_DRIFT_ALARM: '30m',
      }),
    ).toEqual(['webhook', 'slack', 'email'])
  })

  it.each([
    [{ UNDERSTUDY_NOTIFY_WEBHOOK_URL: 'https://x.example/h' }, 'needs UNDERSTUDY_NOTIFY_WEBHOOK_SECRET too'],
    [
      { UNDERSTUDY_NOTIFY_SMTP_URL: 'smtp://x' },
      'needs UNDERSTUDY_NOTIFY_EMAIL_FROM and UNDERSTUDY_NOTIFY_EMAIL_TO too',
    ],
    [{ UNDERSTUDY_NOTIFY_WEBHOOK_URL: `ftp://${SECRET}` }, 'must be an http or https URL'],
    [{ UNDERSTUDY_NOTIFY_SLACK_URL: `https://u:${SECRET}@x.example` }, 'must not hold a user or password'],
    [{ UNDERSTUDY_NOTIFY_SMTP_URL: `http://${SECRET}` }, 'must be an smtp or smtps URL'],
    [{ UNDERSTUDY_NOTIFY_WEBHOOK_SECRET: SECRET.slice(0, 7) }, 'must have at least 16 characters'],
    [{ UNDERSTUDY_NOTIFY_EMAIL_TO: `nobody-${SECRET}` }, 'must be e-mail addresses'],
    [{ UNDERSTUDY_NOTIFY_KINDS: 'gossip' }, 'UNDERSTUDY_NOTIFY_KINDS'],
    [{ UNDERSTUDY_DRIFT_ALARM: 'soon' }, 'must be a time such as 30m or 2h'],
  ])('cannot be said by halves or wrongly, and what was said is not repeated (%#)', (env, sentence) => {
    const start = () => readEnv({ ...LEAST, ...env })
    expect(start).toThrow(sentence)
    expect(start).not.toThrow(SECRET.slice(0, 7))
  })
})
