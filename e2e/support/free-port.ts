import { createServer } from 'node:net'

/** Loopback ports that were free just now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add((await listenOnce(0)) ?? 0)
  ports.delete(0)
  return [...ports]
}

/** Whether something listens on this loopback port, or holds it in another way. */
export async function isPortTaken(port: number): Promise<boolean> {
  return (await listenOnce(port)) === undefined
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined))
    })
  })
}
