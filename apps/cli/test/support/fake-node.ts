import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { freePort } from '@understudy/db/embedded'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Stands in for a serving node: health, drain and keep-alive as a real one has them, and answers that a test decides. */
export class FakeNode {
  readonly name: string
  readonly port: number
  /** Requests that came, health aside. */
  requests = 0
  answer: Answer = (_request, response) => response.end(this.name)
  #ready = true
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()

  private constructor(name: string, port: number) {
    this.name = name
    this.port = port
  }

  static async start(name: string): Promise<FakeNode> {
    const node = new FakeNode(name, await freePort())
    await node.listen()
    return node
  }

  async listen(): Promise<void> {
    this.#ready = true
    const server = createServer((request, response) => this.#handle(request, response))
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server = server.listen(this.port, '127.0.0.1')
    await once(server, 'listening')
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Says that it is not ready, and closes connections with their answers; it goes on accepting. */
  beginDrain(): void {
    this.#ready = false
  }

  /** Accepts no more, closes connections on which nothing is asked, and resolves when all have ended. */
  async close(): Promise<void> {
    const server = this.#server
    if (!server?.listening) return
    server.close()
    await once(server, 'close')
  }

  /** As if it had crashed: nothing listens, connections are reset. */
  async crash(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await this.close()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#ready) response.setHeader('connection', 'close')
    if (request.url === '/v2/health/ready') {
      response.writeHead(this.#ready ? 200 : 503).end()
      return
    }
    this.requests += 1
    this.answer(request, response)
  }
}
