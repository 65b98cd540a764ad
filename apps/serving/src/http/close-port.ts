import { Server as NetServer, type Server, type Socket } from 'node:net'
import type { Clock } from '@understudy/core'

/** A flood of connections does not keep a port open for longer. */
const OPEN_FOR_MAX_MS = 1_000

/**
 * Closes a port while nobody waits at it, as far as a process can know: connections in its queue end with it, unanswered. Connections
 * that were taken stay, also idle ones; `gone` resolves when the last of them has ended.
 *
 * Concurrency: nothing that connects while this runs is served before it resolves.
 */
export async function closePort(server: Server, clock: Clock): Promise<{ readonly gone: Promise<void> }> {
  const taken: Socket[] = []
  const keep = (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    taken.push(socket)
  }
  const listeners = server.rawListeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection').on('connection', keep)
  await untilNobodyConnects(clock, () => taken.length)
  const gone = new Promise<void>((resolve) => {
    // Not the close of HTTP, which also ends idle connections: a request may be on its way over one.
    NetServer.prototype.close.call(server, () => resolve())
  })
  server.off('connection', keep)
  for (const listener of listeners) server.on('connection', listener)
  for (const socket of taken) if (!socket.destroyed) server.emit('connection', socket)
  return { gone }
}

/**
 * Settles right after a turn of the loop in which nobody connected. The loop takes one connection a turn: if each was served at once,
 * more would come on a busy node than it takes.
 */
async function untilNobodyConnects(clock: Clock, taken: () => number): Promise<void> {
  const beganMs = clock.monotonicMs()
  // Whoever calls may be in the middle of a turn: only what comes after one of these is whole.
  await endOfTurn()
  for (let seen = -1; seen !== taken() && clock.monotonicMs() - beganMs < OPEN_FOR_MAX_MS; ) {
    seen = taken()
    await endOfTurn()
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
