import { PlatformError } from '@understudy/core'

const MAX_TEXT = 500

/** What git said, without what may be secret (`user:password@` of a URL) and without control characters. */
export function cleanGitText(text: string): string {
  return text
    .replace(/\/\/[^/@\s]*@/g, '//***@')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
}

/** True when the program itself could not be started. */
export function isMissingGit(error: unknown): boolean {
  return error instanceof Error && /spawn \S* ?ENOENT/.test(error.message)
}

export function missingGit(cause?: unknown): PlatformError {
  return new PlatformError(
    'gitops.git_missing',
    'git was not found: git 2.30 or newer has to be on the PATH.',
    {
      cause,
    },
  )
}
