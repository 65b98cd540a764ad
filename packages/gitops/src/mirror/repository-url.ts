import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PlatformError } from '@understudy/core'
import { cleanGitText } from '../git/git-failure.ts'

/** A repository address that has passed the allow-list. */
export interface RepositoryUrl {
  /** Exactly what git gets. */
  readonly url: string
  /** Transports that git may use for it; redirects and submodules get no other. */
  readonly protocols: readonly ('https' | 'ssh' | 'file')[]
  /** The folder, when the repository lies on this machine. */
  readonly localPath: string | undefined
}

const MAX_URL_CHARS = 2_000
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/
const SCP_LIKE = /^(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)@)?([^@/:]+):([^:].*)$/

function refuse(url: string, why: string): PlatformError {
  return new PlatformError(
    'gitops.url_refused',
    `The repository address "${cleanGitText(url)}" is refused: ${why}. Expected https://…, ssh://…, user@host:path or a local path.`,
  )
}

function localRepository(url: string, localPath: string, allowLocal: boolean): RepositoryUrl {
  if (!allowLocal) throw refuse(url, 'local paths are not permitted here')
  return { url: path.resolve(localPath), protocols: ['file'], localPath: path.resolve(localPath) }
}

function withScheme(text: string, allowLocal: boolean): RepositoryUrl {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw refuse(text, 'it is not a URL')
  }
  if (url.protocol === 'file:') {
    if (url.host !== '') throw refuse(text, 'a file URL names no host')
    return localRepository(text, fileURLToPath(url), allowLocal)
  }
  if (url.protocol !== 'https:' && url.protocol !== 'ssh:')
    throw refuse(text, `${url.protocol} is not allowed`)
  if (!HOST.test(url.hostname)) throw refuse(text, 'the host name is not valid')
  if (url.username.startsWith('-') || decodeURIComponent(url.username).startsWith('-')) {
    throw refuse(text, 'the user name starts with a dash')
  }
  if (/^\/*-/.test(url.pathname)) throw refuse(text, 'the path starts with a dash')
  return { url: url.href, protocols: [url.protocol === 'https:' ? 'https' : 'ssh'], localPath: undefined }
}

/**
 * Lets through only addresses that can name a repository and nothing else: no remote helpers (`ext::`), no options, no other schemes.
 *
 * @throws PlatformError `gitops.url_refused`
 */
export function parseRepositoryUrl(
  text: string,
  options: { readonly allowLocal?: boolean } = {},
): RepositoryUrl {
  const allowLocal = options.allowLocal ?? false
  if (text.length === 0 || text.length > MAX_URL_CHARS) throw refuse(text, 'it is empty or too long')
  if (/[\p{Cc}\s]/u.test(text) && !path.isAbsolute(text))
    throw refuse(text, 'it contains spaces or control characters')
  if (/\p{Cc}/u.test(text)) throw refuse(text, 'it contains control characters')
  if (text.startsWith('-')) throw refuse(text, 'it starts with a dash')
  if (path.isAbsolute(text)) return localRepository(text, text, allowLocal)
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) return withScheme(text, allowLocal)
  if (text.includes('::')) throw refuse(text, 'remote helpers are not allowed')
  const [, , host, repository] = SCP_LIKE.exec(text) ?? []
  if (host === undefined || repository === undefined || !HOST.test(host) || repository.startsWith('-')) {
    throw refuse(text, 'it is neither a URL nor user@host:path')
  }
  return { url: text, protocols: ['ssh'], localPath: undefined }
}

/** Guarantees a branch name that git takes literally, as no option and no pattern. */
export function checkBranchName(branch: string): string {
  const legal = /^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$/.test(branch)
  if (
    !legal ||
    branch.includes('..') ||
    branch.includes('@{') ||
    /\/\.|\/\/|\.lock(\/|$)|[./]$/.test(branch)
  ) {
    throw new PlatformError('gitops.url_refused', `"${cleanGitText(branch)}" is not a branch name.`)
  }
  return branch
}
