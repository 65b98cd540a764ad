import { tracer, withSpan } from '@understudy/telemetry'
import type { RepositoryMirror } from '../mirror/repository-mirror.ts'
import { parseSnapshot } from './parse-snapshot.ts'
import type { RepositorySnapshot } from './repository-snapshot.ts'
import { neededTexts, withTexts } from './with-texts.ts'

/**
 * Reads what one commit of the mirror holds: names, sizes and object ids, and the text of each `model.yaml` and `version.yaml`. No other bytes.
 *
 * @throws PlatformError `gitops.mirror_damaged`
 */
export async function readSnapshot(mirror: RepositoryMirror, commit: string): Promise<RepositorySnapshot> {
  return await withSpan(tracer('gitops'), 'gitops.snapshot', {}, async () => {
    const parsed = parseSnapshot(commit, await mirror.readTree(commit))
    const { oids, maxBytes } = neededTexts(parsed)
    return withTexts(parsed, await mirror.readSmallBlobs(oids, maxBytes))
  })
}
