import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { readIntoBlocks } from './read-into-blocks.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

interface Pair {
  /** Connected by the test. */
  readonly client: Socket
  /** Accepted, and read into blocks. */
  readonly accepted: Socket
}

async function pairs(count: number): Promise<Pair[]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const made: Pair[] = []
  for (let index = 0; index < count; index += 1) {
    const client = connect(port, '127.0.0.1').setNoDelay(true)
    const [accepted] = (await once(server, 'connection')) as [Socket]
    closers.push(
      () => client.destroy(),
      () => accepted.destroy(),
    )
    expect(readIntoBlocks(accepted)).toBe(true)
    made.push({ client, accepted })
  }
  return made
}

/** Takes what a socket reads, as one who keeps it. */
function keep(socket: Socket): Buffer[] {
  const kept: Buffer[] = []
  socket.on('data', (chunk: Buffer) => kept.push(chunk))
  return kept
}

const sizeOf = (chunks: readonly Buffer[]) => chunks.reduce((sum, { length }) => sum + length, 0)

describe('sockets that read into blocks', () => {
  it('keep every byte of every read as it came, whatever is read later and by whom', async () => {
    const connected = await pairs(3)
    const kept = connected.map(({ accepted }) => keep(accepted))
    const sent: Buffer[][] = [[], [], []]
    for (let turn = 0; turn < 40; turn += 1) {
      for (const [index, { client }] of connected.entries()) {
        const piece = Buffer.alloc(1 + ((turn * 7_919 + index * 104_729) % 90_000), (turn * 3 + index) % 251)
        sent[index]?.push(piece)
        client.write(piece)
      }
      await waitFor('the turn', () =>
        kept.every((chunks, index) => sizeOf(chunks) === sizeOf(sent[index] ?? [])),
      )
    }
    for (const [index, chunks] of kept.entries()) {
      expect(Buffer.concat(chunks).equals(Buffer.concat(sent[index] ?? []))).toBe(true)
    }
  })

  it('take no memory for each read: small ones lie behind one another, where numbers may', async () => {
    const [{ client, accepted }] = (await pairs(1)) as [Pair]
    const kept = keep(accepted)
    for (let count = 1; count <= 20; count += 1) {
      client.write('a small request')
      await waitFor('the read', () => kept.length === count)
    }
    expect(new Set(kept.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(2)
    expect(kept.map(({ byteOffset }) => byteOffset % 8)).toEqual(kept.map(() => 0))
  })

  it('hand over the end, and stop and go on reading like others', async () => {
    const [{ client, accepted }] = (await pairs(1)) as [Pair]
    const kept = keep(accepted)
    accepted.pause()
    client.write('first')
    client.end('last')
    await once(client, 'finish')
    expect(kept).toEqual([])
    accepted.resume()
    await once(accepted, 'end')
    expect(Buffer.concat(kept).toString()).toBe('firstlast')
  })

  it('are none but the plain ones that are connected: every other stays as it was', () => {
    const unconnected = new Socket()
    const encrypted = new TLSSocket(new Socket())
    expect([readIntoBlocks(unconnected), readIntoBlocks(encrypted)]).toEqual([false, false])
  })
})
