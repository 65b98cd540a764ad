import type { Tx } from '@understudy/db'
import type { StatusNode } from '../../views/index.ts'

/**
 * The nodes whose lease counts, each once: of one that was killed and is back, the process that was started last. The other's lease runs on
 * for some seconds, and deciders wait for its end; people who count nodes do not.
 */
export async function readNodes(tx: Tx): Promise<StatusNode[]> {
  return await tx.$queryRaw<StatusNode[]>`
    SELECT DISTINCT ON (name) name, rest_url AS "restUrl", ready FROM node
    WHERE lease_until > clock_timestamp() ORDER BY name, started_at DESC`
}
