import type { Tx } from '../database.ts'

/** Models that go live together, by the name of the group. */
export type Releases = Readonly<Record<string, readonly string[]>>

/**
 * Makes the groups of a repository what its tip says, and gives the models of every group that came, went or changed.
 *
 * REQUIRES: the first thing that the transaction locks besides its work key: a commit of a group holds its row.
 */
export async function replaceReleases(
  tx: Tx,
  repositoryId: string,
  releases: Releases,
): Promise<readonly string[]> {
  const before = await tx.releaseGroup.findMany({ where: { repositoryId }, orderBy: { name: 'asc' } })
  const isAsBefore = (name: string, models: readonly string[]) =>
    before.some((group) => group.name === name && JSON.stringify(group.models) === JSON.stringify(models))
  const gone = before.filter(({ name }) => {
    const after = Object.hasOwn(releases, name) ? releases[name] : undefined
    return after === undefined || !isAsBefore(name, after)
  })
  const come = Object.entries(releases).filter(([name, models]) => !isAsBefore(name, models))
  await tx.releaseGroup.deleteMany({ where: { name: { in: gone.map((group) => group.name) } } })
  for (const [name, models] of come) {
    await tx.$executeRaw`
      INSERT INTO release_group (name, repository_id, models) VALUES (${name}, ${repositoryId}::uuid, ${[...models]}::text[])
      ON CONFLICT (name) DO NOTHING`
  }
  return [...new Set([...gone.flatMap((group) => group.models), ...come.flatMap(([, models]) => models)])]
}
