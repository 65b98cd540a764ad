import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A real bare repository with a working clone beside it, in a throwaway folder. */
export class GitRepository {
  /** Everything of this fixture lies below it. */
  readonly folder: string
  readonly bare: string
  readonly clone: string
  readonly branch: string
  readonly #environment: Record<string, string>

  private constructor(folder: string, branch: string) {
    this.folder = folder
    this.branch = branch
    this.bare = path.join(folder, 'models.git')
    this.clone = path.join(folder, 'clone')
    this.#environment = {
      PATH: '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.org',
    }
  }

  /** An empty repository: the branch is born with the first push. */
  static async create(branch = 'main'): Promise<GitRepository> {
    const repository = new GitRepository(await mkdtemp(path.join(os.tmpdir(), 'understudy-git-')), branch)
    await repository.#execute(repository.folder, ['init', '-q', '--bare', '-b', branch, repository.bare])
    await repository.#execute(repository.folder, ['init', '-q', '-b', branch, repository.clone])
    await repository.git('remote', 'add', 'origin', repository.bare)
    return repository
  }

  /** Runs git in the clone and returns what it printed. */
  async git(...args: string[]): Promise<string> {
    return await this.#execute(this.clone, args)
  }

  /** Writes files into the clone, by path below it. */
  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(this.clone, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, content)
    }
  }

  async link(name: string, target: string): Promise<void> {
    const file = path.join(this.clone, name)
    await mkdir(path.dirname(file), { recursive: true })
    await symlink(target, file)
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.clone, name), { recursive: true, force: true })
  }

  /** Commits everything in the clone, also when nothing changed, and returns the commit. */
  async commit(message = 'change'): Promise<string> {
    await this.git('add', '--all')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
    return (await this.git('rev-parse', 'HEAD')).trim()
  }

  async push(options: { readonly force?: boolean } = {}): Promise<void> {
    const force = options.force ? ['--force'] : []
    await this.git('push', '-q', '-u', ...force, 'origin', `HEAD:refs/heads/${this.branch}`)
  }

  /** Writes, commits and pushes in one go; returns the commit. */
  async pushFiles(files: Readonly<Record<string, string | Uint8Array>>, message?: string): Promise<string> {
    await this.write(files)
    const commit = await this.commit(message)
    await this.push()
    return commit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  async #execute(cwd: string, args: readonly string[]): Promise<string> {
    const { stdout } = await execute('git', [...args], {
      cwd,
      env: { ...this.#environment } as NodeJS.ProcessEnv,
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout
  }
}
