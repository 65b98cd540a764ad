import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { waitFor } from '@understudy/testing'
import { type Platform, PROJECT } from './platform.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** One more serving node of a running platform, whose way to the record a test can cut. It ends with us: its stdin is our pipe. */
export class ExtraNode {
  readonly record: TcpProxy
  url = ''
  output = ''
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, record: TcpProxy) {
    this.#child = child
    this.record = record
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output = (this.output + chunk).slice(-1_000_000)
      })
    }
  }

  /** Started with the environment of a node that `understudy up` runs, under a name and ports of its own. */
  static async join(platform: Platform, name: string): Promise<ExtraNode> {
    const sibling = await environmentOf(platform.process('apps/serving/dist/main').pid)
    const database = new URL(sibling.DATABASE_URL ?? '')
    const record = await TcpProxy.to(database.hostname, Number(database.port))
    database.port = String(record.port)
    const env = {
      ...sibling,
      DATABASE_URL: database.href,
      UNDERSTUDY_NODE_NAME: name,
      UNDERSTUDY_REST_PORT: '0',
      UNDERSTUDY_GRPC_PORT: '0',
      UNDERSTUDY_PARENT_PIPE: '1',
    }
    const main = path.join(PROJECT, 'apps/serving/dist/main.mjs')
    const child = spawn(process.execPath, [main], {
      cwd: PROJECT,
      env: env as unknown as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const node = new ExtraNode(child, record)
    const line = await waitFor(`node ${name} to listen`, () => /.*"event":"ready".*/.exec(node.output)?.[0], {
      timeoutMs: 60_000,
    })
    const { port } = JSON.parse(line) as { port: number }
    node.url = `http://127.0.0.1:${port}`
    return node
  }

  async end(): Promise<void> {
    this.record.close()
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.stdin?.destroy()
    await exit
  }
}

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8')
  const entries = text.split('\0').filter((entry) => entry.includes('='))
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}
