import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type ModelPlan, type PlannedKey, SERVED_BY_HEADERS } from '@understudy/core'
import { type ProcessEntry, processTree } from './processes.ts'
import { waitFor } from './wait-for.ts'

export interface RigNodeOptions {
  readonly project: string
  readonly dataDir: string
  /** @defaultValue `node-1` */
  readonly name?: string
  /** What it serves at first. */
  readonly models?: readonly ModelPlan[]
  /** API keys that it knows. */
  readonly keys?: readonly PlannedKey[]
  /** What this rig itself sends as `Authorization` when it asks the node; needed where the node asks for keys. */
  readonly authorization?: string
  /** @defaultValue any free port */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** Arguments of node itself. */
  readonly nodeArgs?: readonly string[]
}

interface WaitOptions {
  /** @defaultValue 60000 */
  readonly timeoutMs?: number
  /** @defaultValue 20 */
  readonly everyMs?: number
}

/** As `understudy up` starts it. */
const SERVING_FLAGS = ['--max-semi-space-size=64', '--initial-old-space-size=128']
const OUTPUT_CHARACTERS_MAX = 1_000_000
const REQUEST_TIMEOUT_MS = 10_000

/** One running serving node whose plan is a file. It ends with us, whatever happens: its stdin is our pipe. */
export class RigNode {
  readonly pid: number
  readonly exit: Promise<number | null>
  port = 0
  grpcPort = 0
  /** The end of what it has logged. */
  output = ''
  readonly #child: ChildProcess
  readonly #planFile: string
  readonly #keys: readonly PlannedKey[]
  readonly #headers: Readonly<Record<string, string>>

  private constructor(child: ChildProcess, planFile: string, { keys = [], authorization }: RigNodeOptions) {
    this.#child = child
    this.#planFile = planFile
    this.#keys = keys
    this.#headers = authorization === undefined ? {} : { authorization }
    this.pid = child.pid ?? 0
    this.exit = once(child, 'close').then(([code]) => code)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output = (this.output + chunk).slice(-OUTPUT_CHARACTERS_MAX)
      })
    }
  }

  /** Resolves when it listens. */
  static async start(options: RigNodeOptions): Promise<RigNode> {
    const { project, dataDir, name = 'node-1', port = 0, env = {}, nodeArgs = [] } = options
    const { models = [], keys = [] } = options
    const folder = path.join(dataDir, 'plans')
    await mkdir(folder, { recursive: true })
    const planFile = path.join(folder, `${name}.json`)
    await writePlan(planFile, models, keys)
    const environment: Readonly<Record<string, string>> = {
      PATH: process.env.PATH ?? '',
      UNDERSTUDY_DATA_DIR: dataDir,
      UNDERSTUDY_PLAN_FILE: planFile,
      UNDERSTUDY_NODE_NAME: name,
      UNDERSTUDY_REST_PORT: String(port),
      UNDERSTUDY_GRPC_PORT: '0',
      UNDERSTUDY_PARENT_PIPE: '1',
      ...env,
    }
    const main = path.join(project, 'apps/serving/dist/main.mjs')
    const child = spawn(process.execPath, [...SERVING_FLAGS, ...nodeArgs, main], {
      cwd: project,
      // Where Next's types are about, they ask every environment for a NODE_ENV.
      env: environment as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const node = new RigNode(child, planFile, options)
    await node.#listens()
    return node
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Replaces its plan; it takes it by itself. */
  async setPlan(models: readonly ModelPlan[]): Promise<void> {
    await writePlan(this.#planFile, models, this.#keys)
  }

  /** Waits until the live version answers under this generation. */
  async untilGeneration(model: string, generation: number, options?: WaitOptions): Promise<void> {
    await this.#until(`${model} to be at generation ${generation}`, options, async () => {
      const answer = await this.#get(`/v1/models/${model}/metadata`)
      return answer.ok && Number(answer.headers.get(SERVED_BY_HEADERS.generation)) >= generation
    })
  }

  /** Waits until a version answers, labelled or not. */
  async untilAvailable(model: string, version: number, options?: WaitOptions): Promise<void> {
    await this.#until(
      `${model} v${version} to be available`,
      options,
      async () => (await this.#get(`/v1/models/${model}/versions/${version}/metadata`)).ok,
    )
  }

  /** Waits until a version is gone. */
  async untilUnloaded(model: string, version: number, options?: WaitOptions): Promise<void> {
    await this.#until(
      `${model} v${version} to be unloaded`,
      options,
      async () => !(await this.#get(`/v1/models/${model}/versions/${version}/metadata`)).ok,
    )
  }

  /** Itself and everything below it. */
  processes(): ProcessEntry[] {
    return processTree(this.pid)
  }

  /** Processes that hold models, or stand ready to. */
  executors(): ProcessEntry[] {
    return this.processes().filter(({ commandLine }) => commandLine.includes('executor/main.mjs'))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it as a person would and gives its exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return await this.exit
  }

  /** Ends it, whatever it does. Idempotent. */
  async end(): Promise<void> {
    if (this.ended) return
    this.#child.stdin?.destroy()
    this.signal('SIGCONT')
    const timer = setTimeout(() => this.signal('SIGKILL'), 15_000)
    await this.exit
    clearTimeout(timer)
  }

  async #listens(): Promise<void> {
    try {
      await waitFor('the node to listen', () => this.ended || this.#readyPort(), { timeoutMs: 30_000 })
      this.port = this.#readyPort() ?? 0
      this.grpcPort = this.#readyPort('grpcPort') ?? 0
      if (this.port === 0) throw new Error('the node ended before it listened')
    } catch (cause) {
      await this.end()
      throw new Error(`${String(cause)}; it logged: ${this.output.slice(-2_000)}`, { cause })
    }
  }

  #readyPort(name = 'port'): number | undefined {
    const [, port] = new RegExp(`"event":"ready"[^\\n]*"${name}":(\\d+)`).exec(this.output) ?? []
    return port === undefined ? undefined : Number(port)
  }

  async #until(what: string, options: WaitOptions = {}, holds: () => Promise<boolean>): Promise<void> {
    try {
      await waitFor(what, holds, { timeoutMs: 60_000, ...options })
    } catch (cause) {
      throw new Error(`${String(cause)}; it logged: ${this.output.slice(-2_000)}`, { cause })
    }
  }

  async #get(where: string): Promise<Response> {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
    const answer = await fetch(`${this.url}${where}`, { headers: this.#headers, signal })
    await answer.arrayBuffer()
    return answer
  }
}

/** Replaced by rename: the node never sees half a plan. */
async function writePlan(
  file: string,
  models: readonly ModelPlan[],
  keys: readonly PlannedKey[],
): Promise<void> {
  const draft = `${file}.draft`
  await writeFile(draft, JSON.stringify({ readAtMs: Date.now(), models, keys }))
  await rename(draft, file)
}
