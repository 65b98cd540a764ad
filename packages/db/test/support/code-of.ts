import { isPlatformError } from '@understudy/core'

/** The registered code of a failure; `done` when there was none. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'done',
    (error: unknown) => (isPlatformError(error) ? error.code : String(error)),
  )
}
