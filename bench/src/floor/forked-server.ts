import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { ServerProcesses } from '../measured.ts'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** A yardstick: a server in a process of its own, which tells its port as its first message. Run as nodes are. */
export class ForkedServer {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.pid = child.pid ?? 0
  }

  /** Resolves when it listens. */
  static async start(program: string, args: readonly string[]): Promise<ForkedServer> {
    const child = fork(program, args, {
      execArgv: ['--max-semi-space-size=64', '--initial-old-space-size=128', '--import', TSX],
      stdio: 'inherit',
    })
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`${program} ended before it listened`)
      }),
    ])
    return new ForkedServer(child, Number(port))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get processes(): ServerProcesses {
    return { frontPid: this.pid, pids: [this.pid] }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
