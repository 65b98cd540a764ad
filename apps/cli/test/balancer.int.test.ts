import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type ServerResponse } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { systemClock } from '@understudy/core'
import { freePort } from '@understudy/db/embedded'
import { waitFor } from '@understudy/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Balancer, type BalancerLimits } from '../src/balancer/balancer.ts'
import { type BackendNode, NodeTable } from '../src/balancer/node-table.ts'
import { askPort } from './support/ask.ts'
import { FakeNode } from './support/fake-node.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function fakeNodes(...names: string[]): Promise<FakeNode[]> {
  const nodes = await Promise.all(names.map((name) => FakeNode.start(name)))
  cleanups.push(() => Promise.all(nodes.map((node) => node.crash())))
  return nodes
}

/** A balancer before these nodes; resolves when as many of them are in as are said to be ready. */
async function balance(
  nodes: readonly BackendNode[],
  options: { readonly limits?: Partial<BalancerLimits>; readonly ready?: number } = {},
): Promise<{ port: number; balancer: Balancer; table: NodeTable; inNow: ReadonlySet<string> }> {
  const inNow = new Set<string>()
  const table = new NodeTable(nodes, ({ name }, ready) => {
    if (ready) inNow.add(name)
    else inNow.delete(name)
  })
  const port = await freePort()
  const balancer = new Balancer({ port, table, clock: systemClock, limits: options.limits ?? {} })
  cleanups.push(() => balancer.close({ deadlineMs: 0 }))
  await balancer.listen()
  const expected = options.ready ?? nodes.length
  await waitFor('the nodes to be in', () => inNow.size === expected)
  return { port, balancer, table, inNow }
}

/** Clients that keep one connection each. */
function keptConnections(count: number): Agent[] {
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  cleanups.push(async () => agents.map((agent) => agent.destroy()))
  return agents
}

async function tcp(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  cleanups.push(async () => socket.destroy())
  await once(socket, 'connect')
  return socket
}

describe('a balancer before ready nodes', () => {
  it('gives each the same number of connections, and a connection stays with its node', async () => {
    const { port } = await balance(await fakeNodes('a', 'b', 'c'))
    const clients = keptConnections(6)
    const first: string[] = []
    for (const agent of clients) first.push(await askPort(port, { agent }))
    expect(first.toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
    const second = await Promise.all(clients.map((agent) => askPort(port, { agent })))
    expect(second).toEqual(first)
  })

  it('fills up the node that lost connections first', async () => {
    const { port } = await balance(await fakeNodes('a', 'b'))
    const early: [string, Agent][] = []
    for (const agent of keptConnections(6)) early.push([await askPort(port, { agent }), agent])
    for (const [name, agent] of early) if (name === 'a') agent.destroy()
    let inARow = 0
    await waitFor('three in a row', async () => {
      const [agent] = keptConnections(1)
      inARow = agent && (await askPort(port, { agent })) === 'a' ? inARow + 1 : 0
      return inARow === 3
    })
  })

  it('carries megabytes both ways, whole, at the pace of the slower side', async () => {
    const [node] = await fakeNodes('a')
    if (node) node.answer = (request, response) => request.pipe(response)
    const { port } = await balance(node ? [node] : [])
    const body = randomBytes(16 * 1024 * 1024)
    expect((await askPort(port, { body })) === body.toString('latin1')).toBe(true)
  })

  it('passes on that one side has ended, and lets the other answer', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('end', () => socket.end(`got ${text}`))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(async () => server.close())
    const address = server.address()
    const port = await freePort()
    const backend = { name: 'raw', port: typeof address === 'object' && address ? address.port : 0 }
    const table = new NodeTable([backend])
    const balancer = new Balancer({ port, table, clock: systemClock })
    await balancer.listen()
    cleanups.push(() => balancer.close({ deadlineMs: 0 }))
    table.sighted(backend, 'ready')
    const client = await tcp(port)
    client.end('everything')
    const [answer] = await once(client, 'data')
    expect(String(answer)).toBe('got everything')
  })

  it('tells a node that its client has left, and a client that its node has', async () => {
    const [node] = await fakeNodes('a')
    let left = false
    let began = 0
    if (node) {
      node.answer = (_request, response) => {
        began += 1
        response.on('close', () => {
          left = true
        })
      }
    }
    const { port } = await balance(node ? [node] : [])
    const client = await tcp(port)
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await waitFor('the request', () => began === 1)
    client.destroy()
    await waitFor('the node to know', () => left)
    const other = askPort(port).catch((error: NodeJS.ErrnoException) => error.code)
    await waitFor('the request', () => began === 2)
    await node?.crash()
    expect(await other).toBe('ECONNRESET')
  })

  it('closes what is beyond its limit at once, and takes new ones when others have ended', async () => {
    const { port } = await balance(await fakeNodes('a'), { limits: { maxConnections: 2 } })
    const [first, second] = keptConnections(2)
    if (!first || !second) return
    await askPort(port, { agent: first })
    await askPort(port, { agent: second })
    await expect(askPort(port)).rejects.toThrow()
    first.destroy()
    await waitFor('a place', () => askPort(port).catch(() => undefined))
  })

  it('lets a client go that says nothing', async () => {
    const { port } = await balance(await fakeNodes('a'), { limits: { firstByteTimeoutMs: 100 } })
    const client = await tcp(port)
    await once(client.resume(), 'close')
  })
})

describe('a node that is not ready', () => {
  it('gets no new connections while it drains, and those that it has go on', async () => {
    const [a, b] = await fakeNodes('a', 'b')
    if (!a || !b) return
    const { port, inNow } = await balance([a, b])
    const open: ServerResponse[] = []
    for (const node of [a, b]) node.answer = (_request, response) => open.push(response)
    const early = [askPort(port), askPort(port)]
    await waitFor('one request on each', () => a.requests === 1 && b.requests === 1)
    a.beginDrain()
    await waitFor('it to be out', () => !inNow.has('a'))
    const late = Array.from({ length: 5 }, () => askPort(port))
    await waitFor('the others', () => b.requests === 6)
    for (const response of open) response.end('answered')
    expect(new Set(await Promise.all([...early, ...late]))).toEqual(new Set(['answered']))
    expect(a.requests).toBe(1)
  })

  it('loses nobody when it has just gone: its connections are made elsewhere', async () => {
    const [a, b] = await fakeNodes('a', 'b')
    if (!a || !b) return
    const { port, table } = await balance([a, b])
    await a.crash()
    // As it looks until the next probe.
    table.sighted(a, 'ready')
    expect(await Promise.all(Array.from({ length: 10 }, () => askPort(port)))).toEqual(Array(10).fill('b'))
    await a.listen()
    await waitFor('it to be back', async () => (await askPort(port)) === 'a')
  })

  it('is waited for when there is no other, for a bounded time', async () => {
    const [a] = await fakeNodes('a')
    if (!a) return
    a.beginDrain()
    const { port } = await balance([a], { ready: 0, limits: { nodeWaitMs: 400 } })
    const began = performance.now()
    await expect(askPort(port)).rejects.toThrow()
    expect(performance.now() - began).toBeGreaterThan(350)
    const waiting = askPort(port)
    await a.close()
    await a.listen()
    expect(await waiting).toBe('a')
  })

  it('costs no request when every node restarts in turn under load', async () => {
    const nodes = await fakeNodes('a', 'b', 'c')
    const { port, inNow } = await balance(nodes)
    for (const node of nodes) {
      node.answer = (_request, response) => void setTimeout(() => response.end(node.name), 5)
    }
    const failures: unknown[] = []
    let answered = 0
    let over = false
    const clients = keptConnections(12).map(async (agent) => {
      while (!over) {
        await askPort(port, { agent }).then(
          () => {
            answered += 1
          },
          (error: unknown) => failures.push(error),
        )
      }
    })
    for (const node of nodes) {
      node.beginDrain()
      await waitFor('it to be out', () => !inNow.has(node.name))
      // A real one goes on answering for a moment: a request may be on its way over a connection that was idle.
      await waitFor('its clients to have left', () => node.connections === 0)
      await node.close()
      const before = node.requests
      await node.listen()
      await waitFor('it to be back', () => inNow.has(node.name))
      await waitFor('it to answer again', async () => {
        await askPort(port)
        return node.requests > before
      })
    }
    over = true
    await Promise.all(clients)
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(100)
  })
})

describe('a balancer that is asked to end', () => {
  it('does not wait for those who wait for a node when there is none', async () => {
    const [a] = await fakeNodes('a')
    if (!a) return
    a.beginDrain()
    const limits = { nodeWaitMs: 60_000 }
    const { port, balancer, table } = await balance([a], { ready: 0, limits })
    const waits = vi.spyOn(table, 'nextReady')
    const refused = askPort(port).catch(() => 'refused')
    await waitFor('it to wait', () => waits.mock.calls.length === 1)
    expect(await balancer.close({ deadlineMs: 30_000 })).toEqual({ cutConnections: 0 })
    expect(await refused).toBe('refused')
  })

  it('accepts no more, lets requests be answered, and cuts what is open at the deadline', async () => {
    const [a] = await fakeNodes('a')
    if (!a) return
    const open: ServerResponse[] = []
    a.answer = (_request, response) => open.push(response)
    const { port, balancer } = await balance([a])
    const silent = await tcp(port)
    const answered = askPort(port)
    const cut = askPort(port).catch(() => 'cut')
    await waitFor('both requests', () => open.length === 2)
    const closing = balancer.close({ deadlineMs: 300 })
    await once(silent.resume(), 'close')
    await expect(askPort(port)).rejects.toThrow('ECONNREFUSED')
    const first = open.shift()
    first?.end('answered')
    expect(await Promise.race([answered, cut])).toBe('answered')
    expect(await closing).toEqual({ cutConnections: 1 })
    expect(await cut).toBe('cut')
  })
})
