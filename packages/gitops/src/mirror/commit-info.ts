import { PlatformError } from '@understudy/core'
import { cleanGitText } from '../git/git-failure.ts'
import { type GitProcessOptions, readGit } from '../git/git-process.ts'

/** Who made a commit, when it was committed, and its first line. Text from outside: without control characters, bounded. */
export interface CommitInfo {
  readonly commit: string
  readonly authorName: string
  readonly authorEmail: string
  /** Milliseconds since the epoch. */
  readonly committedAtMs: number
  readonly subject: string
}

const FORMAT = '--format=%H%x00%an%x00%ae%x00%ct%x00%s'

export async function readCommitInfo(commit: string, options: GitProcessOptions): Promise<CommitInfo> {
  const args = ['log', '-1', '--no-show-signature', FORMAT, '--end-of-options', commit]
  const output = await readGit(args, { ...options, maxBytes: 1024 * 1024 })
  const [hash, name, email, seconds, subject] = output.toString('utf8').trimEnd().split('\0')
  if (hash === undefined || name === undefined || email === undefined || subject === undefined) {
    throw new PlatformError('gitops.mirror_damaged', `Commit ${commit.slice(0, 40)} cannot be read.`)
  }
  return {
    commit: hash,
    authorName: cleanGitText(name).slice(0, 200),
    authorEmail: cleanGitText(email).slice(0, 200),
    committedAtMs: Number(seconds) * 1000,
    subject: cleanGitText(subject).slice(0, 200),
  }
}

/** The newest commit, seen from `commit`, that changed something at or below `path`; `commit` itself if none did. */
export async function findLastCommitFor(
  commit: string,
  path: string,
  options: GitProcessOptions,
): Promise<string> {
  const args = ['log', '-1', '--format=%H', '--end-of-options', commit, '--', path]
  const output = await readGit(args, { ...options, maxBytes: 1_000 })
  return output.toString('latin1').trim() || commit
}
