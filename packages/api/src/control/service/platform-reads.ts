import { shownUrl } from '@understudy/core'
import type { ModelRecord, Tx } from '@understudy/db'
import { openRollout } from '@understudy/db'
import type { PlatformView } from '../../views/index.ts'
import { readNodes } from './node-reads.ts'
import { needsYou } from './overview-view.ts'

export interface PlatformFacts {
  readonly environment: string
  readonly actor: string
  readonly servingUrl: string
  readonly repositoryUrl: string
  readonly repositoryBranch: string
}

/** How one clones: a local path as it is, without the scheme. */
function cloneCommand(url: string): string {
  const address = url.startsWith('file://') ? url.slice('file://'.length) : url
  return `git clone ${/^[\w@%+=:,./-]+$/.test(address) ? address : `'${address.replaceAll("'", `'\\''`)}'`} my-models`
}

export async function readPlatform(
  tx: Tx,
  facts: PlatformFacts,
  records: readonly ModelRecord[],
): Promise<PlatformView> {
  const nodes = await readNodes(tx)
  const repository = await tx.repository.findFirst({
    where: { url: facts.repositoryUrl, branch: facts.repositoryBranch },
  })
  return {
    environment: facts.environment,
    actor: facts.actor,
    servingUrl: facts.servingUrl,
    nodes: { ready: nodes.filter(({ ready }) => ready).length, total: nodes.length },
    repository: {
      url: shownUrl(facts.repositoryUrl),
      branch: facts.repositoryBranch,
      cloneCommand: cloneCommand(shownUrl(facts.repositoryUrl)),
      commit: repository?.acceptedCommit ?? null,
      syncedAt: repository?.syncedAt?.toISOString() ?? null,
      problem: repository?.problem ?? repository?.tipProblem ?? null,
      stalled: repository?.stalledReason != null,
    },
    needsYouCount: needsYou(records).length,
    openRolloutCount: records.filter((record) => openRollout(record) !== undefined).length,
  }
}
