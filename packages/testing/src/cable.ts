import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be cut, and mended: what is on it breaks off, and nothing new comes through meanwhile. */
export class Cable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  isCut = false

  constructor(to: { readonly host: string; readonly port: number }) {
    this.#server = createServer((socket) => {
      const other = connect(to)
      for (const end of [socket, other]) {
        this.#sockets.add(end)
        end.on('error', () => undefined)
        end.on('close', () => this.#sockets.delete(end))
      }
      socket.on('close', () => other.destroy())
      other.on('close', () => socket.destroy())
      if (this.isCut) socket.destroy()
      socket.pipe(other).pipe(socket)
    })
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  cut(): void {
    this.isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
