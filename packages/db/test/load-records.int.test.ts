import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLANNED_ONCE } from '../src/database.ts'
import { approve, loadRecords, openRollout, versionOf } from '../src/index.ts'
import { type FakeNode, World } from './support/index.ts'

let world: World
let node: FakeNode

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
})
afterAll(() => world.close())

const records = (only?: readonly string[]) => world.database.snapshot((tx) => loadRecords(tx, only))

/** Many numbers at once, as a busy model has them after years. */
async function addVersions(model: string, from: number, to: number): Promise<void> {
  await world.database.prisma.$executeRaw`
    INSERT INTO model_version (model, number, digest, entry_point, "commit", commit_subject, author_name, author_email, committed_at,
      state, reasons, refusals, serving_fingerprint, golden_fingerprint, at_tip, refused, size_bytes)
    SELECT ${model}, n, md5(n::text), 'model.onnx', 'c', 's', 'Ada', 'a@e', now(), 'rejected', '[]', '[]', '', '', true, false, 1
    FROM generate_series(${from}::bigint, ${to}::bigint) n`
}

async function addHistory(model: string, rollouts: number): Promise<void> {
  const { prisma } = world.database
  await prisma.$executeRaw`
    INSERT INTO rollout (id, model, number, digest, policy_hash, kind, state, step, step_started_at, started_at, ended_at)
    SELECT gen_random_uuid(), ${model}, 1, 'd', 'p', 'first', 'failed', 'preparing', now() + n * interval '1 hour', now() + n * interval '1 hour', now() + n * interval '1 hour'
    FROM generate_series(1, ${rollouts}) n`
  await prisma.$executeRaw`
    INSERT INTO promotion (model, generation, to_number, to_digest, kind, actor)
    SELECT ${model}, 1000 + n, 1, 'd', 'first', 'ada' FROM generate_series(1, ${rollouts}) n`
}

describe('loadRecords', () => {
  it('reads every model in order of its name, or the named ones', async () => {
    await world.withLive('b')
    await world.withLive('a')
    expect((await records()).map((record) => record.name)).toEqual(['a', 'b'])
    expect((await records(['b', 'nowhere'])).map((record) => record.name)).toEqual(['b'])
    expect(await records([])).toEqual([])
  })

  it('is one statement that its connection plans once, for all models or for named ones', async () => {
    await world.withLive('planned')
    const kept = await world.database.snapshot(async (tx) => {
      for (const names of [['planned'], ['a', 'b'], []]) await loadRecords(tx, names)
      for (let look = 0; look < 2; look++) await loadRecords(tx)
      return await tx.$queryRaw`SELECT count(*)::int AS statements FROM pg_prepared_statements WHERE statement LIKE ${`${PLANNED_ONCE}%`}`
    })
    expect(kept).toEqual([{ statements: 2 }])
  })

  it('lets no model take the versions, rollouts or promotions of another', async () => {
    await world.withLive('quiet')
    await world.pushValid('busy', 1)
    await addVersions('busy', 1_000, 1_250)
    await addHistory('busy', 120)
    const [busy, quiet] = await records(['busy', 'quiet'])
    expect(quiet).toMatchObject({ live: 1, versions: [{ number: 1 }], rollouts: [{ kind: 'first' }] })
    expect(quiet?.promotions).toHaveLength(1)
    expect(busy?.versions).toHaveLength(200)
    expect(busy?.versions[0]?.number).toBe(1_250)
    expect(busy?.rollouts).toHaveLength(20)
    expect(busy?.promotions).toHaveLength(50)
  })

  it('always holds what is live, previous and tried, however many numbers came after', async () => {
    await world.withLive('old')
    await world.pushValid('old', 2)
    await world.settle('old')
    await node.counts('old', { pairs: 600 })
    await world.settle('old')
    await approve(world.database, { model: 'old', version: 2, actor: 'ada' })
    await world.settle('old')
    await world.pushValid('old', 3)
    await world.settle('old')
    await addVersions('old', 1_000, 1_220)
    const record = await world.record('old')
    expect(record).toMatchObject({ live: 2, previous: 1, aspired: [1, 2, 3] })
    for (const number of [1, 2, 3]) expect(versionOf(record, number)?.state).toBe('validated')
    expect(record.versions.map((version) => version.number)).toEqual(
      [...record.versions.map((version) => version.number)].sort((a, b) => b - a),
    )
    // And so the rollout goes on, against the baseline it began with.
    expect(await world.settle('old')).toEqual([])
    expect(openRollout(await world.record('old'))).toMatchObject({ number: 3, baselineNumber: 2 })
  })

  it('shows the open rollout first, also when it began in the moment in which another ended', async () => {
    await world.withLive('tie')
    await world.pushValid('tie', 2)
    await world.settle('tie')
    await world.database.prisma.$executeRaw`
      UPDATE rollout SET started_at = '2026-01-01', ended_at = CASE WHEN ended_at IS NULL THEN NULL ELSE '2026-01-01'::timestamptz END WHERE model = 'tie'`
    for (let i = 0; i < 3; i++) {
      // Another physical order of the rows each time.
      await world.database.prisma
        .$executeRaw`UPDATE rollout SET summary = 'x' WHERE model = 'tie' AND number = ${1 + (i % 2)}`
      expect((await world.record('tie')).rollouts[0]).toMatchObject({ number: 2, state: 'progressing' })
    }
  })
})
