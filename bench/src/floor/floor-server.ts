import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const PROGRAM = fileURLToPath(new URL('./floor-process.ts', import.meta.url))

/** A bare server in a process of its own that gives every request the same answer: the yardstick of throughput. */
export class FloorServer {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
    this.pid = child.pid ?? 0
  }

  static async start(body: string): Promise<FloorServer> {
    const child = fork(PROGRAM, [body], {
      execArgv: ['--max-semi-space-size=64', '--import', TSX],
      stdio: 'inherit',
    })
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('the floor server ended')
      }),
    ])
    return new FloorServer(child, Number(port))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
