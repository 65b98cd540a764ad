import type { Socket } from 'node:net'
import { type ExecutorExit, lastWordOf } from '../process/executor-exit.ts'
import type { ExecutorProcess } from '../process/executor-process.ts'
import { startTickOf } from './start-tick.ts'
import type { ToldEnd } from './starter-messages.ts'

/** What can be said of an end that nobody has seen. */
const UNSEEN: ToldEnd = { code: null, signal: null, stderrTail: '' }

/** An executor whose parent is the starter, and whose sockets are here. It lives as long as they do, with or without the starter. */
export class PassedProcess implements ExecutorProcess {
  readonly pid: number
  readonly frames: Socket
  readonly exited: Promise<ExecutorExit>
  readonly #startTick: string | undefined
  #tell: (end: ToldEnd) => void = () => {}
  #hasEnded = false

  constructor(pid: number, frames: Socket, lifeline: Socket) {
    this.pid = pid
    this.frames = frames
    this.#startTick = startTickOf(pid)
    let lastByte: number | undefined
    lifeline.on('data', (chunk: Buffer) => {
      lastByte = chunk.at(-1)
    })
    lifeline.on('error', () => {})
    frames.on('error', () => {})
    // What nobody reads any more would keep a socket open that has ended.
    lifeline.once('close', () => frames.resume())
    const told = new Promise<ToldEnd>((resolve) => {
      this.#tell = resolve
    })
    this.exited = Promise.all([told, closed(frames), closed(lifeline)]).then(([end]) => {
      // One that closed its sockets and stayed is nobody's any more.
      if (end === UNSEEN && this.#startTick !== undefined) this.kill()
      this.#hasEnded = true
      return { ...end, lastWord: lastWordOf(lastByte) }
    })
  }

  /** The starter has seen its end. */
  tellEnd({ code, signal, stderrTail }: ToldEnd): void {
    this.#hasEnded = true
    this.frames.resume()
    this.#tell({ code, signal, stderrTail })
  }

  /** The starter is gone: the end is seen by the sockets. */
  orphan(): void {
    this.#tell(UNSEEN)
  }

  kill(): void {
    // After its end the number may belong to another process; the starter tells of it a moment later.
    if (this.#hasEnded || startTickOf(this.pid) !== this.#startTick) return
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // It has ended this moment.
    }
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}
