import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { processesNaming, waitFor } from '@understudy/testing'

const execute = promisify(execFile)
const START_TIMEOUT_MS = 45_000
const READY = 'Ctrl-C stops everything'

/**
 * The whole platform as `npm start` runs it, in a folder and on ports of its own, with an API key that it asks its clients for, and a
 * clone of its models repository.
 */
export class Platform {
  readonly restPort: number
  /** What clients of its models must send. */
  authorization = ''
  readonly #consolePort: number
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  readonly #child: ChildProcess
  #output = ''

  private constructor(
    project: string,
    folder: string,
    [restPort, consolePort, grpcPort]: readonly [number, number, number],
  ) {
    this.restPort = restPort
    this.#consolePort = consolePort
    this.#folder = folder
    this.#env = {
      PATH: process.env.PATH ?? '',
      HOME: path.join(folder, 'home'),
      UNDERSTUDY_DATA_DIR: path.join(folder, 'data'),
      UNDERSTUDY_REST_PORT: String(restPort),
      UNDERSTUDY_GRPC_PORT: String(grpcPort),
      UNDERSTUDY_CONSOLE_PORT: String(consolePort),
      UNDERSTUDY_PREDICT_AUTH: 'required',
      // Only the hook brings news.
      UNDERSTUDY_POLL_INTERVAL_MS: '3600000',
      UNDERSTUDY_PARENT_PIPE: '1',
    }
    this.#child = spawn(process.execPath, [path.join(project, 'apps/cli/bin/understudy.mjs'), 'up'], {
      ...{ cwd: project, env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk
      })
    }
  }

  /** Resolves when everything runs and the repository is cloned. */
  static async start(project: string): Promise<Platform> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-bench-'))
    await chmod(folder, 0o711)
    await mkdir(path.join(folder, 'home'))
    const platform = new Platform(project, folder, [await freePort(), await freePort(), await freePort()])
    try {
      await platform.#ready()
    } catch (error) {
      await platform.close()
      throw error
    }
    return platform
  }

  /** Writes files into the clone, commits and pushes them; resolves with the moments around the push, monotonic. */
  async push(files: Readonly<Record<string, string | Uint8Array>>, now: () => number): Promise<PushTimes> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.#folder, 'clone', name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, content)
    }
    await this.#git('add', '--all')
    await this.#git('commit', '-q', '-m', 'Add versions')
    const beganMs = now()
    await this.#git('push', '-q', 'origin', 'HEAD:main')
    return { beganMs, returnedMs: now() }
  }

  /** Calls a mutation of the control API, and gives its result. @throws Error with what it says when it refuses */
  async control(procedure: string, input: unknown): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.#consolePort}/api/trpc/${procedure}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-understudy-client': 'bench' },
      body: JSON.stringify({ json: input }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${procedure} answered ${answer.status}: ${text.slice(0, 500)}`)
    return JSON.parse(text).result.data.json
  }

  /** Waits until the live version of a model has this number. */
  async untilLive(model: string, number: number): Promise<void> {
    const url = `http://127.0.0.1:${this.restPort}/v1/models/${model}/metadata`
    await waitFor(
      `${model} v${number} to be live`,
      async () => {
        const answer = await fetch(url, { headers: { authorization: this.authorization } })
        await answer.arrayBuffer()
        return Number(answer.headers.get('understudy-version')) === number
      },
      { timeoutMs: 30_000 },
    )
  }

  /** Ends everything and removes the folder. Idempotent. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, 'exit')
      this.#child.stdin?.destroy()
      await exit
    }
    try {
      await waitFor('every process of the platform to end', () => processesNaming(this.#folder).length === 0)
    } finally {
      await rm(this.#folder, { recursive: true, force: true })
    }
  }

  async #ready(): Promise<void> {
    const isOver = () => this.#child.exitCode !== null
    try {
      await waitFor('the platform to run', () => isOver() || this.#output.includes(READY), {
        timeoutMs: START_TIMEOUT_MS,
      })
      if (isOver()) throw new Error('the platform ended before it ran')
    } catch (cause) {
      throw new Error(`${String(cause)}; it said: ${this.#output.slice(-1_000)}`, { cause })
    }
    const created = await this.control('keys.create', { name: 'bench' })
    this.authorization = `Bearer ${(created as { readonly token: string }).token}`
    await mkdir(path.join(this.#folder, 'clone'))
    await this.#git('clone', '-q', path.join(this.#folder, 'data', 'models.git'), '.')
    await this.#git('config', 'user.name', 'Ada')
    await this.#git('config', 'user.email', 'ada@example.org')
  }

  async #git(...args: readonly string[]): Promise<void> {
    await execute('git', args, { cwd: path.join(this.#folder, 'clone'), env: { ...this.#env } })
  }
}

interface PushTimes {
  readonly beganMs: number
  readonly returnedMs: number
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
