import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { type ExecutorProcess, unavailable } from '../process/executor-process.ts'
import type { ToolCall } from '../process/run-tool.ts'
import { PassedProcess } from './passed-process.ts'
import type { StarterOrder, StarterReply } from './starter-messages.ts'

/** What waits for replies to one order. */
interface Asked {
  take(reply: StarterReply, socket: Socket | undefined): void
  /** There will be no replies any more. */
  lose(): void
}

/** It holds two names and a few sockets: a large heap would only put off its collections. */
const FLAGS = ['--max-old-space-size=32', '--max-semi-space-size=1']
const CLOSE_GRACE_MS = 1_000

/** One starter process. Every order settles: with its answer, or with undefined when the process is lost before it answers. */
export class StarterLink {
  readonly #child: ChildProcess
  readonly #onLost: () => void
  readonly #asked = new Map<number, Asked>()
  readonly #gone: Promise<void>
  #lastId = 0
  #isLost = false

  constructor(entry: string, onLost: () => void) {
    this.#onLost = onLost
    this.#child = fork(entry, [], {
      cwd: '/',
      env: {},
      execArgv: FLAGS,
      // A session of its own: what a terminal sends to the front is for the front to act on.
      detached: true,
      // Nothing is written to its input: that it ends says that this process has.
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (reply, handle) =>
      this.#take(reply as StarterReply, handle as Socket | undefined),
    )
    // The channel ends behind the last message: what was said before the end is still heard.
    this.#child.on('disconnect', () => this.#lose())
    this.#gone = new Promise((resolve) => {
      this.#child.on('exit', () => resolve())
      this.#child.on('error', () => {
        this.#lose()
        resolve()
      })
    })
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** @throws PlatformError `onnx.executor_unavailable` when the system refuses the process */
  startExecutor(command: readonly string[]): Promise<ExecutorProcess | undefined> {
    return new Promise((resolve, reject) => {
      let pid = 0
      let frames: Socket | undefined
      let executor: PassedProcess | undefined
      const id = this.#order((id) => ({ type: 'start', id, command }), {
        take: (reply, socket) => {
          if (reply.type === 'frames') {
            pid = reply.pid
            frames = socket
          } else if (reply.type === 'lifeline' && frames !== undefined && socket !== undefined) {
            executor = new PassedProcess(pid, frames, socket)
            resolve(executor)
          } else if (reply.type === 'ended' && executor !== undefined) {
            this.#asked.delete(id)
            executor.tellEnd(reply)
          } else {
            this.#asked.delete(id)
            socket?.destroy()
            frames?.destroy()
            if (reply.type === 'refused') reject(unavailable(reply.why))
            else resolve(undefined)
          }
        },
        lose: () => {
          executor?.orphan()
          // It ends by itself, since its lifeline has ended with the starter.
          if (executor === undefined) frames?.destroy()
          resolve(undefined)
        },
      })
    })
  }

  /** Tells whether the helper worked. */
  runTool({ command, identity }: ToolCall): Promise<boolean | undefined> {
    return new Promise((resolve) => {
      const id = this.#order((id) => ({ type: 'run', id, command, identity }), {
        take: (reply) => {
          this.#asked.delete(id)
          resolve(reply.type === 'ran' && reply.worked)
        },
        lose: () => resolve(undefined),
      })
    })
  }

  /** Ends the process now; executors live on. */
  kill(): void {
    this.#child.kill('SIGKILL')
    this.#lose()
  }

  /** Lets the process end; executors live on. */
  async close(): Promise<void> {
    this.#lose()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_GRACE_MS)
    if (this.#child.connected) this.#child.disconnect()
    await this.#gone
    clearTimeout(timer)
  }

  #order(orderOf: (id: number) => StarterOrder, asked: Asked): number {
    this.#lastId += 1
    const id = this.#lastId
    if (this.#isLost || !this.#child.connected) {
      asked.lose()
      return id
    }
    this.#asked.set(id, asked)
    this.#child.send(orderOf(id), (error) => {
      if (error !== null) this.#lose()
    })
    return id
  }

  #take(reply: StarterReply, socket: Socket | undefined): void {
    const asked = this.#asked.get(reply.id)
    // Nobody waits for it any more: without its sockets an executor ends.
    if (asked === undefined) socket?.destroy()
    else asked.take(reply, socket)
  }

  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    const all = [...this.#asked.values()]
    this.#asked.clear()
    for (const asked of all) asked.lose()
    this.#onLost()
  }
}
