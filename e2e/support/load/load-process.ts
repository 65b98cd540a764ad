import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { SERVED_BY_HEADERS } from '@understudy/core'
import type { BrokenConnection, LoadNews, LoadOrder, LoadRecord, LoadRequest } from './load-record.ts'

// A process of its own: nothing that a test does may delay a request or an answer.

const REPORT_EVERY_MS = 50
const ANSWER_WITHIN_MS = 20_000

let stopped = false
let news: LoadRecord[] = []
const open = new Set<Promise<void>>()

process.on('message', (message: LoadRequest) => {
  if (message.type === 'begin') void run(message.order)
  else stopped = true
})
process.on('disconnect', () => process.exit(0))

/** Open loop: requests leave at times fixed beforehand, whether or not earlier answers are there. */
async function run(order: LoadOrder): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const began = nowMs()
  const report = setInterval(flush, REPORT_EVERY_MS)
  for (let index = 0; !stopped; index++) {
    const scheduledAtMs = began + (index * 1_000) / order.ratePerSecond
    const waitMs = scheduledAtMs - nowMs()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    const sending = send(order, agent, { index, scheduledAtMs }).then((record) => {
      news.push(record)
      open.delete(sending)
    })
    open.add(sending)
  }
  await Promise.all(open)
  clearInterval(report)
  flush()
  agent.destroy()
  tell({ type: 'done' })
}

function flush(): void {
  if (news.length === 0) return
  tell({ type: 'records', records: news })
  news = []
}

function tell(message: LoadNews): void {
  process.send?.(message)
}

function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

type Answer = Omit<LoadRecord, 'index' | 'row' | 'scheduledAtMs' | 'endedAtMs'>

const NOBODY = { version: null, digest: null, generation: null, variant: null, planAgeMs: null } as const

/** Never rejects: what went wrong is part of the record. */
async function send(
  order: LoadOrder,
  agent: Agent,
  { index, scheduledAtMs }: { readonly index: number; readonly scheduledAtMs: number },
): Promise<LoadRecord> {
  const row = index % order.bodies.length
  const answer = await post(order, agent, order.bodies[row] ?? '')
  return { index, row, scheduledAtMs, endedAtMs: nowMs(), ...answer }
}

function post(order: LoadOrder, agent: Agent, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...order.headers,
    }
    const sent = request(order.url, { method: 'POST', agent, headers, timeout: ANSWER_WITHIN_MS })
    const fail = (error: Error) => resolve(noAnswer(sent, error))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', fail)
      response.on('end', () => resolve(readAnswer(response, text)))
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${ANSWER_WITHIN_MS} ms`)))
    sent.on('error', fail)
    sent.end(body)
  })
}

function noAnswer({ socket }: ClientRequest, error: NodeJS.ErrnoException): Answer {
  const broken: BrokenConnection = {
    code: error.code ?? null,
    systemCall: error.syscall ?? null,
    receivedBytes: socket?.bytesRead ?? 0,
  }
  return { status: 0, ...NOBODY, output: null, error: error.message, broken }
}

function readAnswer({ statusCode: status = 0, headers }: IncomingMessage, text: string): Answer {
  return {
    status,
    version: numberOf(headers[SERVED_BY_HEADERS.version]),
    digest: textOf(headers[SERVED_BY_HEADERS.digest]),
    generation: numberOf(headers[SERVED_BY_HEADERS.generation]),
    variant: textOf(headers[SERVED_BY_HEADERS.variant]),
    planAgeMs: numberOf(headers[SERVED_BY_HEADERS.planAge]),
    output: status === 200 ? predictionsOf(text) : null,
    error: status === 200 ? null : `${status} ${text.slice(0, 300)}`,
    broken: null,
  }
}

function textOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function numberOf(value: string | string[] | undefined): number | null {
  return typeof value === 'string' ? Number(value) : null
}

function predictionsOf(text: string): unknown {
  const parsed: { readonly predictions?: unknown } = JSON.parse(text)
  return parsed.predictions
}
