import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'

/** A wire that a test can cut: what is behind it becomes unreachable for whoever goes through it, and for nobody else. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly #gate: { cut: boolean }

  private constructor(server: Server, sockets: Set<Socket>, gate: { cut: boolean }) {
    this.#server = server
    this.#sockets = sockets
    this.#gate = gate
    this.port = (server.address() as AddressInfo).port
  }

  static async to(host: string, port: number): Promise<TcpProxy> {
    const sockets = new Set<Socket>()
    const gate = { cut: false }
    const server = createServer((near) => {
      if (gate.cut) {
        near.destroy()
        return
      }
      const far = dial(port, host)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => {
          sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpProxy(server, sockets, gate)
  }

  /** Breaks every connection and refuses new ones. */
  cut(): void {
    this.#gate.cut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#gate.cut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
