import { PlatformError } from '@understudy/core'
import { type HostEnvironment, personalEnvironment } from './git-environment.ts'
import { missingGit } from './git-failure.ts'
import { readGit } from './git-process.ts'

const MIN_MAJOR = 2
const MIN_MINOR = 30

/**
 * Guarantees a git that is new enough and returns its version.
 *
 * @throws PlatformError `gitops.git_missing`
 */
export async function checkGit(host: HostEnvironment = {}): Promise<string> {
  const output = await readGit(['--version'], {
    folder: '/',
    environment: personalEnvironment(host),
    timeoutMs: 10_000,
    maxBytes: 1_000,
  }).catch((cause: unknown) => {
    throw missingGit(cause)
  })
  const [version, major, minor] = /(\d+)\.(\d+)(?:\.\d+)*/.exec(output.toString()) ?? []
  const tooOld = Number(major) < MIN_MAJOR || (Number(major) === MIN_MAJOR && Number(minor) < MIN_MINOR)
  if (version === undefined || tooOld) {
    throw new PlatformError(
      'gitops.git_missing',
      `git ${version ?? 'of unknown version'} is too old: 2.30 or newer is needed.`,
    )
  }
  return version
}
