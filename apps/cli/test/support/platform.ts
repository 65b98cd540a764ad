import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePort } from '@understudy/db/embedded'
import { waitFor } from '@understudy/testing'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const PROGRAM = fileURLToPath(new URL('./run-up.ts', import.meta.url))

export interface PlatformOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The file in the place of the controller's. */
  readonly controller?: string
  /** @defaultValue 1 */
  readonly nodes?: number
}

/** One data folder, two ports, and every `up` that a test starts on them. */
export class TestPlatform {
  readonly dataDir: string
  readonly restPort: number
  readonly consolePort: number
  readonly grpcPort: number
  readonly #started: ChildProcess[] = []

  private constructor(dataDir: string, [restPort, consolePort, grpcPort]: readonly [number, number, number]) {
    this.dataDir = dataDir
    this.restPort = restPort
    this.consolePort = consolePort
    this.grpcPort = grpcPort
  }

  static async create(): Promise<TestPlatform> {
    const parent = await mkdtemp(path.join(os.tmpdir(), 'up-'))
    await chmod(parent, 0o711)
    return new TestPlatform(path.join(parent, 'data'), [await freePort(), await freePort(), await freePort()])
  }

  /** Starts `up`; its stdin is the pipe that it ends with. */
  up(options: PlatformOptions = {}): UpRun {
    const child = spawn(
      process.execPath,
      ['--import', TSX, PROGRAM, options.controller ?? 'controller.mjs', String(options.nodes ?? 1)],
      {
        env: {
          PATH: process.env.PATH,
          HOME: os.tmpdir(),
          UNDERSTUDY_DATA_DIR: this.dataDir,
          UNDERSTUDY_REST_PORT: String(this.restPort),
          UNDERSTUDY_GRPC_PORT: String(this.grpcPort),
          UNDERSTUDY_CONSOLE_PORT: String(this.consolePort),
          UNDERSTUDY_PARENT_PIPE: '1',
          ...options.env,
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    this.#started.push(child)
    return new UpRun(child)
  }

  /** Numbers of all processes that the platform started and that still run, found by its folder or ports. */
  async processes(): Promise<number[]> {
    const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
    const own = new Set(this.#started.map((child) => child.pid))
    return numbers.filter((pid) => !own.has(pid) && this.#belongs(pid))
  }

  async ended(): Promise<string[]> {
    const text = await readFile(path.join(this.dataDir, 'ended.txt'), 'utf8').catch(() => '')
    return text.split('\n').filter(Boolean)
  }

  /** Ends whatever runs; the data stays. */
  async end(): Promise<void> {
    for (const child of this.#started) {
      child.stdin?.destroy()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    await waitFor('every process to end', async () => (await this.processes()).length === 0)
  }

  async close(): Promise<void> {
    await this.end()
    await rm(path.dirname(this.dataDir), { recursive: true, force: true })
  }

  #belongs(pid: number): boolean {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8')
      return text.includes(this.dataDir)
    } catch {
      return false
    }
  }
}

/** One running `up` and what it has said. */
export class UpRun {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  output = ''
  errors = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.on('data', (chunk) => {
      this.output += String(chunk)
    })
    child.stderr?.on('data', (chunk) => {
      this.errors += String(chunk)
    })
    this.exit = once(child, 'close').then(([code]) => code)
  }

  async running(): Promise<void> {
    await waitFor('the platform to run', () => {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.output}${this.errors}`)
      return this.output.includes('Ctrl-C stops everything')
    })
  }
}
