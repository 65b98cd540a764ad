import { PlatformError } from '@understudy/core'

const MAX_PATH_CHARS = 512
const MAX_PATH_DEPTH = 16

/** True for a path that stays below its directory on every file system and can be shown. */
export function isSafePath(path: string): boolean {
  if (path.length === 0 || path.length > MAX_PATH_CHARS) return false
  if (/[\p{Cc}\p{Cf}\\\uFFFD]/u.test(path)) return false
  const steps = path.split('/')
  return (
    steps.length <= MAX_PATH_DEPTH &&
    steps.every((step) => step !== '' && step !== '.' && step !== '..' && Buffer.byteLength(step) <= 255)
  )
}

/** @throws PlatformError `gitops.path_refused` */
export function checkSafePath(path: string): string {
  if (isSafePath(path)) return path
  throw new PlatformError('gitops.path_refused', `The path ${JSON.stringify(path.slice(0, 200))} is refused.`)
}
