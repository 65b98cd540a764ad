import { createHmac } from 'node:crypto'
import { systemClock } from '@understudy/core'
import {
  type Database,
  enqueueNotification,
  listNotifications,
  NOTIFICATION_KINDS,
  OutboxQueue,
  openDatabase,
} from '@understudy/db'
import { silentLogger } from '@understudy/telemetry'
import { waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Channel } from '../src/outbox/channel.ts'
import { createEmailChannel } from '../src/outbox/email-channel.ts'
import { type AlarmSearch, OutboxLoop } from '../src/outbox/outbox-loop.ts'
import { createSlackChannel } from '../src/outbox/slack-channel.ts'
import { createWebhookChannel } from '../src/outbox/webhook-channel.ts'
import { MailServer, WebhookReceiver } from './support/receivers.ts'

const SECRET = 'a secret of sixteen characters'
let databaseUrl: string
let database: Database
let receiver: WebhookReceiver
let mail: MailServer
const loops: OutboxLoop[] = []

beforeEach(async () => {
  databaseUrl = (await createTestDatabase()).connectionString
  database = openDatabase({ databaseUrl, applicationName: 'test' })
  receiver = await new WebhookReceiver().open()
  mail = await new MailServer({ user: 'understudy', password: 'mail-password' }).open()
})

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.close()))
  await Promise.all([receiver.close(), mail.close(), database.close()])
})

function webhook(timeoutMs = 5_000): Channel {
  return createWebhookChannel({ url: receiver.url, secret: SECRET, clock: systemClock, timeoutMs })
}

function email(changes: Partial<Parameters<typeof createEmailChannel>[0]> = {}): Channel {
  const addresses = {
    from: 'Understudy <understudy@example.org>',
    to: ['ada@example.org', 'bob@example.org'],
  }
  return createEmailChannel({ smtpUrl: mail.url(), ...addresses, timeoutMs: 5_000, ...changes })
}

/** One controller, as far as it tells people. */
function controller(
  channels: readonly Channel[],
  queue = new OutboxQueue(database),
  alarms: readonly AlarmSearch[] = [],
): OutboxLoop {
  const loop = new OutboxLoop({
    ...{ queue, channels, kinds: NOTIFICATION_KINDS, clock: systemClock, logger: silentLogger },
    context: { environment: 'production', consoleUrl: 'https://understudy.example' },
    ...{ alarms, pollIntervalMs: 20 },
  })
  loops.push(loop)
  return loop
}

async function enqueue(...keys: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const key of keys) {
      const [model = null] = key.split(':')
      await enqueueNotification(tx, {
        ...{ kind: 'promoted', dedupKey: key, model, version: 2, title: key, sentence: `${key} went live` },
        ...{ path: '/models/iris', details: { generation: 4 } },
      })
    }
  })
}

function titles(): string[] {
  return receiver.posts.map(({ body }) => JSON.parse(body).title)
}

async function deliveries() {
  const rows = await listNotifications(database.prisma)
  return rows.flatMap((row) => row.deliveries.map((delivery) => ({ ...delivery, title: row.title })))
}

const allDelivered = async (count: number) => {
  const rows = await deliveries()
  return rows.length === count && rows.every(({ deliveredAt }) => deliveredAt !== null)
}

it('a webhook gets the event as JSON that it can verify, once however often the event is recorded', async () => {
  await enqueue('iris:1', 'iris:1')
  await enqueue('iris:1')
  controller([webhook()]).start()
  await waitFor('the delivery', () => allDelivered(1))
  const [post] = receiver.posts
  expect(receiver.posts).toHaveLength(1)
  const { body = '', headers } = post ?? {}
  const [, moment, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers?.['understudy-signature'])) ?? []
  expect(mac).toBe(createHmac('sha256', SECRET).update(`${moment}.${body}`).digest('hex'))
  expect(Math.abs(Number(moment) * 1_000 - Date.now())).toBeLessThan(60_000)
  const message = JSON.parse(body)
  expect(message).toMatchObject({
    ...{
      apiVersion: 'understudy/v1',
      kind: 'promoted',
      environment: 'production',
      model: 'iris',
      version: 2,
    },
    ...{ sentence: 'iris:1 went live', url: 'https://understudy.example/models/iris' },
    details: { generation: 4 },
  })
  expect(headers?.['understudy-notification-id']).toBe(message.id)
})

it('what fails is sent again under the same id until it is taken, and the next of its model waits for it', async () => {
  receiver.answers.push(503, 429)
  await enqueue('iris:1', 'iris:2')
  controller([webhook()]).start()
  await waitFor('both deliveries', () => allDelivered(2))
  expect(titles()).toEqual(['iris:1', 'iris:1', 'iris:1', 'iris:2'])
  expect(new Set(receiver.posts.map(({ headers }) => headers['understudy-notification-id'])).size).toBe(2)
  expect((await deliveries()).find(({ title }) => title === 'iris:1')).toMatchObject({ attempts: 3 })
})

it('a redirect is not followed, a refusal holds nothing else back, and neither shows the address', async () => {
  receiver.headers = { location: 'http://127.0.0.1:1/elsewhere' }
  receiver.answers.push(307)
  await enqueue('iris:1', 'iris:2')
  const channel = webhook()
  const loop = controller([channel])
  await loop.planOnce()
  await loop.deliverOnce(channel)
  await loop.deliverOnce(channel)
  expect(titles()).toEqual(['iris:1', 'iris:2'])
  const first = (await deliveries()).find(({ title }) => title === 'iris:1')
  expect(first).toMatchObject({ deliveredAt: null, lastError: 'answered 307; redirects are not followed' })
  expect(JSON.stringify(await deliveries())).not.toContain('do-not-show')
})

it('a receiver that says nothing is left after the time limit, and one that is not there at once', async () => {
  receiver.answers.push('hang')
  await enqueue('iris:1')
  const gone = createSlackChannel({ url: 'http://127.0.0.1:1/services/do-not-show', timeoutMs: 5_000 })
  const slow = webhook(50)
  const loop = controller([slow, gone])
  await loop.planOnce()
  await Promise.all([loop.deliverOnce(slow), loop.deliverOnce(gone)])
  const errors = (await deliveries()).map(({ channel, lastError }) => [channel, lastError])
  expect(errors).toEqual([
    ['slack', expect.stringMatching(/^could not be reached/)],
    ['webhook', 'no answer within 0.05 s'],
  ])
  expect(JSON.stringify(errors)).not.toContain('do-not-show')
})

it('Slack gets one text, and a channel that is down delays no other', async () => {
  await enqueue('iris:1', 'iris:2', 'wine:1')
  const slack = createSlackChannel({ url: receiver.url, timeoutMs: 5_000 })
  controller([email({ smtpUrl: 'smtp://127.0.0.1:1' }), slack]).start()
  await waitFor('all of Slack', () => receiver.posts.length === 3)
  expect(JSON.parse(receiver.posts[0]?.body ?? '')).toEqual({
    text: '*iris:1* (production)\niris:1 went live\n<https://understudy.example/models/iris|Open in Understudy>',
  })
  const ofEmail = (await deliveries()).filter(({ channel }) => channel === 'email')
  expect(ofEmail.map(({ deliveredAt }) => deliveredAt)).toEqual([null, null, null])
})

it('a mail server gets each message for every address, with an id that a repetition would have too', async () => {
  mail.refusals.push(451)
  await enqueue('iris:1')
  controller([email()]).start()
  await waitFor('the delivery', () => allDelivered(1))
  expect(mail.mails).toHaveLength(1)
  const [row] = await listNotifications(database.prisma)
  expect(row?.deliveries).toMatchObject([{ attempts: 2 }])
  expect(mail.mails[0]).toMatchObject({
    ...{ from: 'understudy@example.org', to: ['ada@example.org', 'bob@example.org'] },
  })
  const { text = '' } = mail.mails[0] ?? {}
  expect(text).toContain('Subject: [understudy production] iris:1')
  expect(text).toContain(`Message-ID: <${row?.id}@example.org>`)
  expect(text).toContain('Auto-Submitted: auto-generated')
  expect(text).toContain('https://understudy.example/models/iris')
})

it('a refused login or mail is told by its codes, without account or password', async () => {
  mail.refusals.push(554)
  await enqueue('iris:1')
  const wrong = email({ smtpUrl: mail.url('another-password') })
  const refused = email()
  const message = async (channel: Channel) => {
    const signal = new AbortController().signal
    const outgoing = {
      ...({
        apiVersion: 'understudy/v1',
        id: 'x',
        kind: 'failed',
        at: '',
        environment: 'e',
        model: null,
      } as const),
      ...{ version: null, title: 't', sentence: 's', url: null, details: {} },
    }
    return await channel.send(outgoing, signal)
  }
  expect(await message(wrong)).toEqual({
    ...{
      type: 'failed',
      refused: false,
      reason: expect.stringMatching(/^the mail server failed: EAUTH 535/),
    },
  })
  expect(await message(refused)).toEqual({
    ...{ type: 'failed', refused: true, reason: expect.stringMatching(/^the mail server failed: \w+ 554/) },
  })
})

it('two controllers send each message once, those of a model in order, also while one of them is stopped', async () => {
  const keys = Array.from({ length: 40 }, (_, i) => `model-${i % 8}:${i}`)
  await enqueue(...keys)
  const other = openDatabase({ databaseUrl, applicationName: 'another controller' })
  const [first, second] = [controller([webhook()]), controller([webhook()], new OutboxQueue(other))]
  first?.start()
  second?.start()
  await waitFor('the first messages', () => receiver.posts.length > 5)
  await second?.close()
  await waitFor('all deliveries', () => allDelivered(40))
  expect([...titles()].sort()).toEqual([...keys].sort())
  for (let model = 0; model < 8; model++) {
    const own = (all: readonly string[]) => all.filter((title) => title.startsWith(`model-${model}:`))
    expect(own(titles())).toEqual(own(keys))
  }
  await other.close()
})

it('a controller that dies between sending and recording is followed by one that sends the same id again', async () => {
  await enqueue('iris:1')
  const dying = new OutboxQueue(database, { leaseMs: 300 })
  const channel = webhook()
  // It was killed after the receiver had answered.
  dying.delivered = () => Promise.reject(new Error('killed'))
  const dead = controller([channel], dying)
  await dead.planOnce()
  await expect(dead.deliverOnce(channel)).rejects.toThrow('killed')
  expect(receiver.posts).toHaveLength(1)
  expect(await deliveries()).toMatchObject([{ deliveredAt: null }])
  controller([channel]).start()
  await waitFor('the delivery', () => allDelivered(1))
  const ids = receiver.posts.map(({ headers }) => headers['understudy-notification-id'])
  expect(ids).toHaveLength(2)
  expect(new Set(ids).size).toBe(1)
})

it('what an alarm finds is told, and a search that fails is made again', async () => {
  let looks = 0
  const find = async () => {
    looks += 1
    if (looks === 1) throw new Error('the database is away')
    if (looks === 2) await enqueue('iris:1')
    return looks === 2 ? 1 : 0
  }
  controller([webhook()], new OutboxQueue(database), [{ everyMs: 10, find }]).start()
  await waitFor('the delivery', () => allDelivered(1))
  expect(titles()).toEqual(['iris:1'])
})

it('a stop lets what is being sent end', async () => {
  await enqueue('iris:1')
  const loop = controller([webhook()])
  loop.start()
  await waitFor('the message', () => receiver.posts.length === 1)
  await loop.close()
  expect(await allDelivered(1)).toBe(true)
})
