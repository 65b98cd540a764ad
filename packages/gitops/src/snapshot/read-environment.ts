import { type EnvironmentFile, parseEnvironmentFile, toPlatformError } from '@understudy/core'
import type { RepositoryMirror } from '../mirror/repository-mirror.ts'
import { isRegularFile } from './fingerprint.ts'
import { SNAPSHOT_LIMITS } from './limits.ts'
import { type Problem, problem } from './problem.ts'

/** What a commit says of the environment, or why that is refused; then what it said before goes on. */
export type EnvironmentRead = {
  /** From the root of the repository. */
  readonly file: string
} & (
  | { readonly environment: EnvironmentFile; readonly problem: null }
  | { readonly environment: null; readonly problem: Problem }
)

/** What counts where there is no file. */
const NOTHING_SAID: EnvironmentFile = { models: {}, releases: {} }

/**
 * Reads `environments/<name>.yaml` of one commit of the mirror.
 *
 * @throws PlatformError `gitops.mirror_damaged`
 */
export async function readEnvironment(
  mirror: RepositoryMirror,
  commit: string,
  name: string,
): Promise<EnvironmentRead> {
  const file = `environments/${name}.yaml`
  const entry = (await mirror.readTree(commit, file)).find(({ path }) => path === file)
  if (!entry) return { file, environment: NOTHING_SAID, problem: null }
  if (!isRegularFile(entry)) return refused(file, 'gitops.path_refused', `${file} is no regular file.`)
  if (entry.sizeBytes > SNAPSHOT_LIMITS.maxConfigBytes)
    return refused(file, 'gitops.file_too_large', `${file} is larger than 64 KiB.`)
  const texts = await mirror.readSmallBlobs([entry.oid], SNAPSHOT_LIMITS.maxConfigBytes)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(texts.get(entry.oid))
    return { file, environment: parseEnvironmentFile(text, file), problem: null }
  } catch (error) {
    if (error instanceof TypeError)
      return refused(file, 'gitops.config_invalid', `${file} is not UTF-8 text.`)
    const { code, message } = toPlatformError(error)
    return refused(file, code, message)
  }
}

function refused(file: string, code: Problem['code'], message: string): EnvironmentRead {
  return { file, environment: null, problem: problem(file, code, message) }
}
