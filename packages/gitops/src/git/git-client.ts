import { type SimpleGit, simpleGit } from 'simple-git'
import { ALLOWED_GIT_VARIABLES } from './git-environment.ts'

export interface GitClientOptions {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** The whole task must end within this time, whatever it prints. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** `key=value` pairs that only this client sees. */
  readonly config?: readonly string[] | undefined
}

/**
 * A git client for one task: no shell, only the given environment, ended after `timeoutMs`, and every exit code but 0 is a failure.
 *
 * simple-git by itself takes a failing command that prints nothing for a success; the strict handler does not.
 */
export function gitClient(options: GitClientOptions): SimpleGit {
  const limit = AbortSignal.timeout(options.timeoutMs)
  return simpleGit({
    baseDir: options.folder,
    maxConcurrentProcesses: 1,
    abort: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    allowEnvironment: ALLOWED_GIT_VARIABLES,
    config: [...(options.config ?? [])],
    errors: (error, result) =>
      error ??
      (result.exitCode === 0
        ? undefined
        : Buffer.concat([Buffer.from(`git exited ${result.exitCode}: `), ...result.stdErr])),
  }).env({ ...options.environment })
}
