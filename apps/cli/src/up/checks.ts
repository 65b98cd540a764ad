import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { PlatformError } from '@understudy/core'

const run = promisify(execFile)

/** @throws PlatformError `up.git_missing` */
export async function checkGit(): Promise<void> {
  try {
    await run('git', ['--version'], { timeout: 10_000 })
  } catch (cause) {
    throw new PlatformError('up.git_missing', 'The program `git` cannot be run: it is not in the PATH.', {
      cause,
    })
  }
}

/** @throws PlatformError `up.not_built` */
export function checkBuilt(files: readonly string[]): void {
  const missing = files.find((file) => !existsSync(file))
  if (missing)
    throw new PlatformError('up.not_built', `The platform is not built yet: ${missing} is missing.`)
}

/** A port that the platform will listen on: its use for people, and the variable that changes it. */
export interface WantedPort {
  readonly port: number
  readonly use: string
  readonly variable: string
}

/**
 * Checks that loopback ports can be listened on, now or within `patienceMs`.
 *
 * @throws PlatformError `up.port_taken`
 */
export async function checkPorts(wanted: readonly WantedPort[], patienceMs: number): Promise<void> {
  const seen = new Map<number, WantedPort>()
  const deadline = performance.now() + patienceMs
  for (const one of wanted) {
    const other = seen.get(one.port)
    if (other) {
      throw new PlatformError('up.port_taken', `${other.variable} and ${one.variable} are both ${one.port}.`)
    }
    seen.set(one.port, one)
    for (
      let problem = await listenOnce(one.port);
      problem !== undefined;
      problem = await listenOnce(one.port)
    ) {
      if (performance.now() >= deadline) throw new PlatformError('up.port_taken', portProblem(one, problem))
      await delay(100)
    }
  }
}

/** One sentence about why a port cannot be had. */
export function portProblem({ port, use, variable }: WantedPort, code: string): string {
  const why =
    code === 'EADDRINUSE'
      ? 'is taken by another process'
      : code === 'EACCES'
        ? 'may not be used by this account'
        : `cannot be listened on (${code})`
  return `Port ${port} for ${use} ${why}; ${variable} chooses another.`
}

function listenOnce(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
