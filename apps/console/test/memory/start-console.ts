import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '@understudy/testing'
import type { HarnessCommand, Story } from './harness-command.ts'

export interface RunningConsole {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  tell(command: HarnessCommand): void
  /** Forgets what happened and tells a story from its beginning. Precondition: no page is open. */
  begin(story: Story): Promise<void>
  /** Streams that are open now. */
  countListeners(): Promise<number>
  stop(): Promise<void>
}

/** Starts the built console, in a process of its own, over a control plane in memory that tells one story. */
export async function startConsole(story: Story): Promise<RunningConsole> {
  const port = await freePort()
  const child = fork(join(import.meta.dirname, 'serve.ts'), [story], {
    execArgv: ['--import', 'tsx'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', HOSTNAME: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const url = `http://127.0.0.1:${port}`
  await waitFor('the console to answer', async () => {
    if (child.exitCode !== null) throw new Error(`the console ended: ${said}`)
    return (await fetch(`${url}/api/health`)).ok
  })
  return {
    url,
    port,
    tell: (command) => void child.send(command),
    begin: async (story) => void (await ask(child, { do: 'begin', story })),
    countListeners: () => countListeners(child),
    stop: () => stop(child),
  }
}

async function countListeners(child: ChildProcess): Promise<number> {
  const message = await ask(child, { do: 'countListeners' })
  return typeof message === 'object' && message !== null && 'listeners' in message
    ? Number(message.listeners)
    : -1
}

async function ask(child: ChildProcess, command: HarnessCommand): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(command)
  const [message]: unknown[] = await answer
  return message
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}
