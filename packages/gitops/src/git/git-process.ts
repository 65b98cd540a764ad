import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PlatformError } from '@understudy/core'
import { cleanGitText, isMissingGit, missingGit } from './git-failure.ts'

export interface GitProcessOptions {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Written to standard input, which is then closed. */
  readonly input?: string
}

const MAX_STDERR_CHARS = 4_000

interface Running {
  readonly child: ChildProcessWithoutNullStreams
  /** Exit code and what git said; rejects when git could not be started or was ended by us. */
  readonly ended: Promise<{ readonly exitCode: number; readonly stderr: string }>
}

function start(args: readonly string[], options: GitProcessOptions): Running {
  const limit = AbortSignal.timeout(options.timeoutMs)
  const child = spawn('git', [...args], {
    cwd: options.folder,
    // Next declares NODE_ENV as required; git gets only what it is given.
    env: { ...options.environment } as NodeJS.ProcessEnv,
    stdio: 'pipe',
    signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    killSignal: 'SIGKILL',
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR_CHARS)
  })
  child.stdin.on('error', () => undefined) // git may end before it has read everything; its exit code tells
  child.stdin.end(options.input ?? '')
  const ended = once(child, 'close').then(([exitCode]: unknown[]) => ({
    exitCode: typeof exitCode === 'number' ? exitCode : -1,
    stderr: cleanGitText(stderr),
  }))
  ended.catch(() => undefined) // awaited by whoever reads; a reader that stops early must not crash the process
  return { child, ended }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/**
 * Streams what git prints, without any interpretation, and fails unless git ends with exit code 0.
 *
 * A consumer that stops early ends the process.
 * @throws PlatformError `gitops.git_missing`, `gitops.mirror_damaged`; `gitops.fetch_failed` after an abort or the time limit
 */
export async function* streamGit(
  args: readonly string[],
  options: GitProcessOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const { child, ended } = start(args, options)
  try {
    for await (const chunk of child.stdout) {
      if (chunk instanceof Buffer) yield chunk
    }
    const { exitCode, stderr } = await ended
    if (exitCode !== 0) throw new Error(`git ${args[0]} exited ${exitCode}: ${stderr}`)
  } catch (cause) {
    if (isMissingGit(cause)) throw missingGit(cause)
    if (isAbort(cause)) {
      throw new PlatformError('gitops.fetch_failed', `git ${args[0]} was given up, or took too long.`, {
        cause,
      })
    }
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new PlatformError('gitops.mirror_damaged', `git could not read an object: ${cleanGitText(text)}.`, {
      cause,
    })
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL')
  }
}

/** All that git prints, or a failure when it is more than `maxBytes`. Same errors as {@link streamGit}. */
export async function readGit(
  args: readonly string[],
  options: GitProcessOptions & { readonly maxBytes: number },
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of streamGit(args, options)) {
    size += chunk.length
    if (size > options.maxBytes) {
      throw new PlatformError(
        'gitops.file_too_large',
        `git ${args[0]} gave more than ${options.maxBytes} bytes.`,
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** Exit code of a question that git answers by it (0 yes, 1 no). */
export async function askGit(args: readonly string[], options: GitProcessOptions): Promise<number> {
  const { child, ended } = start(args, options)
  child.stdout.resume()
  try {
    return (await ended).exitCode
  } catch (cause) {
    if (isMissingGit(cause)) throw missingGit(cause)
    throw new PlatformError('gitops.fetch_failed', `git ${args[0]} was given up, or took too long.`, {
      cause,
    })
  }
}
