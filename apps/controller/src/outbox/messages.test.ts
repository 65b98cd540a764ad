import { createHmac } from 'node:crypto'
import type { DeliveryClaim } from '@understudy/db'
import { describe, expect, it } from 'vitest'
import { emailSubject, emailText } from './email-channel.ts'
import { type OutgoingMessage, outgoingMessage } from './outgoing-message.ts'
import { signWebhook } from './sign-webhook.ts'
import { slackText } from './slack-channel.ts'

const CLAIM: DeliveryClaim = {
  ...{ id: 'n-1', channel: 'slack', attempts: 1, kind: 'rolledBack', model: 'iris', version: 3 },
  ...{ title: 'iris v3 was rolled back', sentence: 'ada rolled iris back', path: '/models/iris' },
  ...{ details: { to: 2 }, createdAt: new Date(0) },
}

function message(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const context = { environment: 'production', consoleUrl: 'https://understudy.example/' }
  return { ...outgoingMessage(CLAIM, context), ...changes }
}

describe('a message', () => {
  it('holds the same at every attempt, and a link where a console is known', () => {
    expect(message()).toEqual(message())
    expect(message().url).toBe('https://understudy.example/models/iris')
    expect(outgoingMessage(CLAIM, { environment: 'x', consoleUrl: undefined }).url).toBeNull()
    expect(outgoingMessage({ ...CLAIM, attempts: 9 }, { environment: 'x', consoleUrl: undefined })).toEqual(
      outgoingMessage(CLAIM, { environment: 'x', consoleUrl: undefined }),
    )
  })

  it('in Slack can neither call people nor place a link of its own', () => {
    const text = slackText(message({ title: '<!channel> & <https://evil.example|Approve>' }))
    expect(text).toContain('*&lt;!channel&gt; &amp; &lt;https://evil.example|Approve&gt;* (production)')
    expect(text).toContain('<https://understudy.example/models/iris|Open in Understudy>')
    expect(slackText(message({ url: null }))).not.toContain('<')
  })

  it('by e-mail has a subject of one bounded line, and its sentence, link and id', () => {
    expect(emailSubject(message({ title: `x\r\nBcc: all@example.org\0${'y'.repeat(500)}` }))).toMatch(
      /^\[understudy production\] x Bcc: all@example.org y+$/,
    )
    expect(emailSubject(message({ title: 'y'.repeat(500) }))).toHaveLength(200)
    expect(emailText(message())).toContain('ada rolled iris back\n\nhttps://understudy.example/models/iris\n')
    expect(emailText(message())).toContain('Notification n-1')
  })
})

it('a signature is over the moment and the body: another of either needs another', () => {
  const mac = createHmac('sha256', 'secret').update('1700000000.{"a":1}').digest('hex')
  expect(signWebhook('secret', 1_700_000_000, '{"a":1}')).toBe(`t=1700000000,v1=${mac}`)
  const all = [
    signWebhook('secret', 1, 'x'),
    signWebhook('secret', 2, 'x'),
    signWebhook('secret', 1, 'y'),
    signWebhook('other', 1, 'x'),
  ].map((value) => value.split('v1=')[1])
  expect(new Set(all).size).toBe(4)
})
