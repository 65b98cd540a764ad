import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type ProcessEntry, processesNaming, processTree, stillRunning, waitFor } from '@understudy/testing'
import { freePorts, isPortTaken } from './free-port.ts'
import { BIN, PlatformAccess, type PlatformPlace, PROJECT } from './platform-access.ts'

export { PROJECT } from './platform-access.ts'

export interface PlatformOptions {
  /** Names the folder of its logs in `test-results/`. */
  readonly name: string
  /** Added to the environment of `understudy up`. */
  readonly env?: Readonly<Record<string, string>>
  /** Added to the arguments of `understudy up`. */
  readonly args?: readonly string[]
}

/**
 * The whole platform as a person starts it: the committed program, real PostgreSQL, Git, ONNX Runtime and console, in a folder
 * and on ports of its own.
 */
export class Platform extends PlatformAccess {
  readonly #options: PlatformOptions
  readonly #runs: UpRun[] = []
  /** Every process ever seen below an `up`; a later one of the same number is another. */
  readonly #seen = new Map<string, ProcessEntry>()

  private constructor(place: PlatformPlace, options: PlatformOptions) {
    super(place)
    this.#options = options
  }

  /** A place for a platform; nothing runs yet. */
  static async create(options: PlatformOptions): Promise<Platform> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-e2e-'))
    // Accounts of executors and PostgreSQL must pass through it.
    await chmod(folder, 0o711)
    await mkdir(path.join(folder, 'home'))
    const [restPort = 0, consolePort = 0, grpcPort = 0] = await freePorts(3)
    return new Platform({ folder, restPort, consolePort, grpcPort }, options)
  }

  /** A platform that runs and whose first models answer. */
  static async start(options: PlatformOptions): Promise<Platform> {
    const platform = await Platform.create(options)
    await platform.up().running()
    return platform
  }

  /** Starts `understudy up`, or what brings it up. It ends with us, whatever happens: its stdin is our pipe. */
  up(
    env: Readonly<Record<string, string>> = {},
    [program, ...args]: readonly [string, ...string[]] = [
      process.execPath,
      BIN,
      'up',
      ...(this.#options.args ?? []),
    ],
  ): UpRun {
    const child = spawn(program, args, {
      cwd: PROJECT,
      env: { ...this.env, ...this.#options.env, UNDERSTUDY_PARENT_PIPE: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const run = new UpRun(child)
    this.#runs.push(run)
    return run
  }

  /** The `up` that runs, else the one that ran last. */
  get run(): UpRun {
    const run = this.#runs.findLast((one) => !one.ended) ?? this.#runs.at(-1)
    if (!run) throw new Error('nothing was started')
    return run
  }

  /** Every process of the `up` that runs, itself first. */
  processes(): ProcessEntry[] {
    const tree = processTree(this.run.pid)
    for (const entry of tree) this.#seen.set(`${entry.pid} ${entry.startTick}`, entry)
    return tree
  }

  /** The one process whose command line holds a text, guards left aside. */
  process(text: string): ProcessEntry {
    const found = this.processes().find(
      ({ commandLine }) => commandLine.includes(text) && !commandLine.includes('guard.mjs'),
    )
    if (!found) throw new Error(`no process of the platform has ${text} in its command line`)
    return found
  }

  /** What of the platform is still there: processes and open ports, in words; empty when nothing is. */
  async leftovers(): Promise<string[]> {
    const running = [...stillRunning([...this.#seen.values()]), ...processesNaming(this.place.folder)]
    const processes = new Map(running.map(({ pid, commandLine }) => [pid, `process ${pid}: ${commandLine}`]))
    const ports: string[] = []
    for (const port of [this.restPort, this.consolePort, this.grpcPort]) {
      if (await isPortTaken(port)) ports.push(`port ${port}`)
    }
    return [...processes.values(), ...ports]
  }

  /** Ends it as a person would, with SIGTERM, and checks that it ends well and leaves nothing. */
  async stop(): Promise<void> {
    const { run } = this
    try {
      this.processes()
      run.signal('SIGTERM')
      const code = await run.exit
      if (code !== 0) throw new Error(`understudy up ended with ${code}: ${run.output}${run.errors}`)
      const left = await this.leftovers()
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
    } finally {
      await this.close()
    }
  }

  /** Ends whatever still runs, keeps the logs and removes the folder. Idempotent. */
  async close(): Promise<void> {
    if (!existsSync(this.place.folder)) return
    for (const run of this.#runs) await run.end()
    const kept = path.join(PROJECT, 'test-results', 'e2e', this.#options.name)
    await rm(kept, { recursive: true, force: true })
    await cp(path.join(this.dataDir, 'logs'), kept, { recursive: true }).catch(() => undefined)
    await rm(this.place.folder, { recursive: true, force: true })
  }
}

/** One running `understudy up` and what it has said. */
export class UpRun {
  readonly exit: Promise<number | null>
  readonly pid: number
  output = ''
  errors = ''
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? 0
    child.stdout?.on('data', (chunk) => {
      this.output += String(chunk)
    })
    child.stderr?.on('data', (chunk) => {
      this.errors += String(chunk)
    })
    this.exit = once(child, 'close').then(([code]) => code)
  }

  /** Waits until everything runs and the first models answer. */
  async running(): Promise<void> {
    const ended = this.exit.then(() => {
      throw new Error(`understudy up ended: ${this.output}${this.errors}`)
    })
    await Promise.race([ended, this.says('Ctrl-C stops everything')])
  }

  /** Waits until it has said something. */
  async says(text: string, timeoutMs = 60_000): Promise<void> {
    await waitFor(`understudy up to say "${text}"`, () => this.output.includes(text), { timeoutMs })
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    this.#child.kill(signal)
  }

  /** Closes the pipe that it lives on and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin?.destroy()
    await this.exit
  }
}
