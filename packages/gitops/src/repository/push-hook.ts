import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Appears anew in the git folder after every push. */
export const PUSH_MARK = 'understudy-push'

/**
 * Runs as whoever pushed, in the git folder. The mark is replaced, not written to: that needs the right to write to the folder,
 * which a pusher has, and not to a file that someone else made. A push never fails because of it.
 */
const POST_RECEIVE = `#!/bin/sh
# Tells Understudy that something was pushed. Polling notices it too, only later.
: > "${PUSH_MARK}.$$" && mv -f "${PUSH_MARK}.$$" "${PUSH_MARK}"
exit 0
`

/** Guarantees a post-receive hook; one that is there already is somebody's own and stays. */
export async function ensurePushHook(gitFolder: string): Promise<void> {
  const hook = path.join(gitFolder, 'hooks', 'post-receive')
  if (await stat(hook).catch(() => undefined)) return
  await mkdir(path.dirname(hook), { recursive: true })
  await writeFile(`${hook}.new`, POST_RECEIVE)
  await chmod(`${hook}.new`, 0o755)
  await rename(`${hook}.new`, hook)
}
