import { tracer, withSpan } from '@understudy/telemetry'
import type { RepositoryMirror } from '../mirror/repository-mirror.ts'
import { SNAPSHOT_LIMITS } from './limits.ts'
import { parseSnapshot, withConfigs } from './parse-snapshot.ts'
import type { RepositorySnapshot } from './repository-snapshot.ts'

/**
 * Reads what one commit of the mirror holds: names, sizes and object ids, and the text of each `model.yaml`. No other bytes.
 *
 * @throws PlatformError `gitops.mirror_damaged`
 */
export async function readSnapshot(mirror: RepositoryMirror, commit: string): Promise<RepositorySnapshot> {
  return await withSpan(tracer('gitops'), 'gitops.snapshot', {}, async () => {
    const parsed = parseSnapshot(commit, await mirror.readTree(commit))
    const maxBytes = parsed.configOids.size * SNAPSHOT_LIMITS.maxConfigBytes
    return withConfigs(parsed, await mirror.readSmallBlobs([...parsed.configOids.values()], maxBytes))
  })
}
