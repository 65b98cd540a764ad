import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { FRAMES_FD, LIFELINE_FD } from '../executor/executor-settings.ts'
import { keepTail } from '../process/output-tail.ts'
import { runTool } from '../process/run-tool.ts'
import { spawnBare } from '../process/spawn-bare.ts'
import type { StarterOrder, StarterReply } from './starter-messages.ts'
import { unread } from './unread.ts'

// A process that forks for its parent, and does nothing else: it stays small, so a fork of it is short, and nobody waits for its loop.
// It imports next to nothing, for its memory and its start.

process.on('message', (order: StarterOrder) => {
  if (order.type === 'run') void run(order)
  else start(order)
})
// The parent lets go of it, or is gone, however it ended. Executors see that by themselves: their sockets were its.
process.on('disconnect', () => process.exit(0))
// While a socket is on its way that nobody has taken, Node tells no end of the channel; of this pipe it does.
process.stdin.on('close', () => process.exit(0)).resume()

async function run(order: Extract<StarterOrder, { type: 'run' }>): Promise<void> {
  reply({ type: 'ran', id: order.id, worked: await runTool(order) })
}

function start({ id, command }: Extract<StarterOrder, { type: 'start' }>): void {
  const refuse = (error: unknown) =>
    reply({ type: 'refused', id, why: error instanceof Error ? error.message : String(error) })
  let child: ChildProcess
  try {
    child = spawnBare(command)
  } catch (error) {
    refuse(error)
    return
  }
  child.on('error', refuse)
  const { pid } = child
  // Its error is still to come.
  if (pid === undefined) return
  const frames = unread(child.stdio[FRAMES_FD])
  const lifeline = unread(child.stdio[LIFELINE_FD])
  if (frames === undefined || lifeline === undefined) {
    child.kill('SIGKILL')
    reply({ type: 'unable', id })
    return
  }
  pass({ type: 'frames', id, pid }, frames)
  pass({ type: 'lifeline', id }, lifeline)
  child.stdout?.resume()
  const stderrTail = keepTail(child.stderr)
  child.once('close', (code, signal) => reply({ type: 'ended', id, code, signal, stderrTail: stderrTail() }))
}

/** Gives a socket away: once the parent has it, nothing of it is left here. */
function pass(message: StarterReply, socket: Socket): void {
  // Without its handle, it only counts as one that is still open.
  process.send?.(message, socket, () => socket.destroy())
}

function reply(message: StarterReply): void {
  // A parent that is gone needs no answer.
  process.send?.(message, undefined, {}, () => {})
}
