import path from 'node:path'
import { isPlatformError, PlatformError } from '@understudy/core'
import { gitClient } from '../git/git-client.ts'
import { type HostEnvironment, personalEnvironment } from '../git/git-environment.ts'
import { cleanGitText, isMissingGit, missingGit } from '../git/git-failure.ts'
import type { Author } from '../repository/commit-template.ts'

const TIMEOUT_MS = 600_000

/** A person's clone: their configuration, credentials and hooks count; nothing asks questions. */
export class Clone {
  readonly folder: string
  readonly #environment: Readonly<Record<string, string>>
  readonly #identity: Author | undefined

  private constructor(
    folder: string,
    environment: Readonly<Record<string, string>>,
    identity: Author | undefined,
  ) {
    this.folder = folder
    this.#environment = environment
    this.#identity = identity
  }

  /** @throws PlatformError `gitops.clone_unusable`, `gitops.git_missing` */
  static async open(given: string, host: HostEnvironment, identity?: Author): Promise<Clone> {
    const environment = personalEnvironment(host)
    const probe = new Clone(path.resolve(given), environment, identity)
    const root = await probe.ask('rev-parse', '--show-toplevel').catch((cause: unknown) => {
      if (isPlatformError(cause) && cause.code === 'gitops.git_missing') throw cause
      throw new PlatformError('gitops.clone_unusable', `${given} is not a Git clone.`, { cause })
    })
    return new Clone(root, environment, identity)
  }

  /** What git prints, trimmed. @throws PlatformError `gitops.clone_unusable` with what git said */
  async ask(...args: string[]): Promise<string> {
    const { folder } = this
    const config = this.#identity
      ? [`user.name=${this.#identity.name}`, `user.email=${this.#identity.email}`]
      : []
    try {
      const git = gitClient({ folder, environment: this.#environment, timeoutMs: TIMEOUT_MS, config })
      return (await git.raw(args)).trim()
    } catch (cause) {
      if (isMissingGit(cause)) throw missingGit(cause)
      const said = cleanGitText(cause instanceof Error ? cause.message : String(cause))
      throw new PlatformError('gitops.clone_unusable', `git ${args[0]} failed in ${folder}: ${said}`, {
        cause,
      })
    }
  }

  /** The same, or undefined when git says no. */
  async tryAsk(...args: string[]): Promise<string | undefined> {
    return await this.ask(...args).catch(() => undefined)
  }

  async head(): Promise<string | undefined> {
    return await this.tryAsk('rev-parse', '--verify', '--quiet', 'HEAD')
  }

  /** @throws PlatformError `gitops.identity_missing` */
  async checkIdentity(): Promise<void> {
    if (this.#identity) return
    for (const key of ['user.name', 'user.email']) {
      if (await this.tryAsk('config', '--get', key)) continue
      throw new PlatformError('gitops.identity_missing', `git does not know who commits: ${key} is not set.`)
    }
  }

  /** The branch that is checked out, and where it is pushed to. @throws PlatformError `gitops.clone_unusable` */
  async upstream(): Promise<{ readonly remote: string; readonly branch: string }> {
    const current = await this.tryAsk('symbolic-ref', '--short', 'HEAD')
    if (!current)
      throw new PlatformError('gitops.clone_unusable', `${this.folder} has no branch checked out.`)
    const remote = (await this.tryAsk('config', '--get', `branch.${current}.remote`)) || 'origin'
    const merge = await this.tryAsk('config', '--get', `branch.${current}.merge`)
    return { remote, branch: merge?.replace(/^refs\/heads\//, '') || current }
  }
}
