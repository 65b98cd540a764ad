import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { gitClient } from '../git/git-client.ts'

export interface Author {
  readonly name: string
  readonly email: string
}

export interface TemplateCommit {
  /** The bare repository, not yet in its place. */
  readonly gitFolder: string
  /** An empty folder for the copy of the template. */
  readonly workFolder: string
  readonly templateDir: string
  readonly exclude: readonly string[]
  readonly branch: string
  readonly author: Author
  readonly environment: Readonly<Record<string, string>>
}

const TIMEOUT_MS = 120_000

/** Makes a bare repository whose branch holds one commit with the template's files, bytes as they are. */
export async function commitTemplate(options: TemplateCommit): Promise<void> {
  const { gitFolder, workFolder, branch, author, environment } = options
  await mkdir(gitFolder, { recursive: true })
  await copyTemplate(options)
  const config = [
    `user.name=${author.name}`,
    `user.email=${author.email}`,
    'core.autocrlf=false',
    'commit.gpgSign=false',
  ]
  const git = (folder: string, ...args: string[]) =>
    gitClient({ folder, environment, timeoutMs: TIMEOUT_MS, config }).raw(args)
  await git(gitFolder, 'init', '--bare', '--quiet', `--initial-branch=${branch}`)
  await git(gitFolder, 'config', 'uploadpack.allowFilter', 'true')
  await git(workFolder, 'init', '--quiet', `--initial-branch=${branch}`)
  await git(workFolder, 'add', '--all')
  await git(workFolder, 'commit', '--quiet', '--allow-empty', '-m', 'Start from the models template')
  await git(workFolder, 'push', '--quiet', gitFolder, branch)
}

async function copyTemplate({ templateDir, workFolder, exclude }: TemplateCommit): Promise<void> {
  const left = new Set(['.git', ...exclude])
  await cp(templateDir, workFolder, {
    recursive: true,
    filter: (source) => !left.has(path.relative(templateDir, source)),
  })
}
