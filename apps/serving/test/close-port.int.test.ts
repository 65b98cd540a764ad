import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@understudy/core'
import { afterEach, describe, expect, it } from 'vitest'
import { closePort } from '../src/http/close-port.ts'

const WAITING = 300
const LARGE_BYTES = 4 * 1024 * 1024

let server: Server

afterEach(() => server.closeAllConnections())

/** Answers how long the body was. */
async function listen(): Promise<string> {
  server = createServer(async (req, res) => {
    let sizeBytes = 0
    for await (const chunk of req) sizeBytes += (chunk as Buffer).length
    res.writeHead(200, { connection: 'close' }).end(String(sizeBytes))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Sent {
  readonly connected: Promise<unknown>
  /** The answer, or why there is none. */
  readonly answer: Promise<string>
}

function post(url: string, body: Uint8Array): Sent {
  const sent = request(url, { method: 'POST', agent: false })
  const answer = new Promise<string>((resolve) => {
    sent.on('error', ({ message }) => resolve(message))
    sent.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      resolve(text)
    })
  })
  const connected = once(sent, 'socket').then(([socket]) => once(socket, 'connect'))
  sent.end(body)
  return { connected, answer }
}

describe('closing a port', () => {
  it('answers all who wait at it, whatever they send, and nobody who comes later', async () => {
    const url = await listen()
    const bodies = Array.from({ length: WAITING }, (_, at) => new Uint8Array(at === 7 ? LARGE_BYTES : at))
    const sent = bodies.map((body) => post(url, body))
    // The kernel takes them all at once, the loop one a turn: most wait.
    await Promise.all(sent.map(({ connected }) => connected))
    const { gone } = await closePort(server, systemClock)
    const late = post(url, new Uint8Array(1))
    late.connected.catch(() => undefined)
    expect(await late.answer).toContain('ECONNREFUSED')
    expect(await Promise.all(sent.map(({ answer }) => answer))).toEqual(
      bodies.map(({ length }) => String(length)),
    )
    await gone
  })

  it('ends although every request that is served brings two more', async () => {
    const url = await listen()
    const answers: Promise<string>[] = []
    const ask = () => {
      const { connected, answer } = post(url, new Uint8Array(1))
      connected.catch(() => undefined)
      answers.push(answer)
      return connected
    }
    const first = Array.from({ length: 10 }, ask)
    server.on('request', () => {
      ask().catch(() => undefined)
      ask().catch(() => undefined)
    })
    await Promise.all(first)
    const { gone } = await closePort(server, systemClock)
    await gone
    const unlike = (await Promise.all(answers)).filter((answer) => !/^1$|ECONNREFUSED/.test(answer))
    expect(unlike).toEqual([])
  })
})
