import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CreateKeyAct, createKey, listKeys, revokeKey, verifyAudit } from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { type FakeNode, World } from './support/index.ts'

let world: World
let node: FakeNode

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.reset()
  node = await world.node('node-1')
})

const ID = '0011223344556677'
const HMAC = 'ab'.repeat(32)

function act(changes: Partial<CreateKeyAct> = {}): CreateKeyAct {
  return {
    ...{ id: ID, name: 'ci', hmac: HMAC, models: null, verbs: ['predict'], expiresInMs: null },
    ...{ actor: 'local:ada', ...changes },
  }
}

const planned = async () => (await node.store.readPlan()).keys

describe('an API key', () => {
  it('is part of the plan from its creation to its revocation, and named in the audit log', async () => {
    expect(await planned()).toEqual([])
    await createKey(world.database, act({ models: ['iris', 'digits'] }))
    expect(await planned()).toEqual([
      { id: ID, hmac: HMAC, models: ['iris', 'digits'], verbs: ['predict'], expiresAtMs: null },
    ])
    expect(await revokeKey(world.database, { id: ID, actor: 'local:bob' })).toEqual({
      changed: true,
      sentence: `API key ${ID} "ci" is revoked.`,
    })
    expect(await planned()).toEqual([])
    const entries = await world.database.prisma.audit.findMany({ orderBy: { seq: 'asc' } })
    expect(entries.map(({ actor, action, sentence }) => ({ actor, action, sentence }))).toEqual([
      {
        ...{ actor: 'local:ada', action: 'key.created' },
        sentence: `local:ada created API key ${ID} "ci" for iris, digits`,
      },
      {
        ...{ actor: 'local:bob', action: 'key.revoked' },
        sentence: `local:bob revoked API key ${ID} "ci"`,
      },
    ])
    expect(await verifyAudit(world.database)).toMatchObject({ ok: true })
    expect(JSON.stringify(entries, (_key, value) => (typeof value === 'bigint' ? 0 : value))).not.toContain(
      HMAC,
    )
  })

  it('is in the plan of a node that has models too, and unchanged keys are not transferred again', async () => {
    await world.withLive('iris')
    await createKey(world.database, act())
    const plan = await node.store.readPlan()
    expect([plan.models.map(({ model }) => model), plan.keys.map(({ id }) => id)]).toEqual([['iris'], [ID]])
    expect((await node.store.readPlan()).keys).toBe(plan.keys)
  })

  it('leaves the plan by itself when it expires, with the time for nodes that cannot ask', async () => {
    const { expiresAt } = await createKey(world.database, act({ expiresInMs: 3_600_000 }))
    expect((await planned()).map(({ expiresAtMs }) => expiresAtMs)).toEqual([expiresAt?.getTime()])
    await createKey(world.database, act({ id: '99'.repeat(8), expiresInMs: 30 }))
    await waitFor('the key to expire', async () => (await planned()).length === 1)
    expect((await planned())[0]?.id).toBe(ID)
  })

  it('stays on record when it is revoked, and revoking it again changes nothing', async () => {
    await createKey(world.database, act())
    await revokeKey(world.database, { id: ID, actor: 'local:ada' })
    const [before] = await listKeys(world.database.prisma)
    expect(await revokeKey(world.database, { id: ID, actor: 'local:bob' })).toMatchObject({ changed: false })
    expect(await listKeys(world.database.prisma)).toEqual([before])
    expect(before).toMatchObject({ id: ID, revokedBy: 'local:ada', revokedAt: expect.any(Date) })
    expect(await world.database.prisma.audit.count()).toBe(2)
  })

  it('that never was cannot be revoked, and what was asked for is not repeated', async () => {
    const revoking = revokeKey(world.database, { id: 'us_0011_pasted', actor: 'local:ada' })
    await expect(revoking).rejects.toThrow(/^There is no API key with this id/)
    expect(await codeOf(revokeKey(world.database, { id: 'x', actor: 'a' }))).toBe('control.not_found')
  })

  it.each([
    ['given more models', `UPDATE api_key SET models = '{other}'`],
    ['given back its life', 'UPDATE api_key SET revoked_at = NULL, revoked_by = NULL'],
    ['given another secret', `UPDATE api_key SET hmac = '${'cd'.repeat(32)}'`],
    ['given more time', "UPDATE api_key SET expires_at = now() + interval '1 year'"],
  ])('cannot be %s, by whomever', async (_what, sql) => {
    await createKey(world.database, act({ models: ['iris'] }))
    if (sql.includes('revoked')) await revokeKey(world.database, { id: ID, actor: 'local:ada' })
    await expect(world.database.prisma.$executeRawUnsafe(sql)).rejects.toThrow('may only be revoked, once')
  })

  it('is not half made: without its audit entry there is no key', async () => {
    await createKey(world.database, act())
    await expect(createKey(world.database, act({ name: 'again' }))).rejects.toThrow()
    expect(await world.database.prisma.audit.count()).toBe(1)
  })

  it('may be of a verb that this release does not know, which it then does not grant', async () => {
    await createKey(world.database, act())
    await world.database.prisma.$executeRawUnsafe(`INSERT INTO api_key (id, name, hmac, all_models, models, verbs, created_by)
      VALUES ('${'77'.repeat(8)}', 'n', '${HMAC}', true, '{}', '{predict,promote}', 'a')`)
    expect((await planned()).map(({ verbs }) => verbs)).toEqual([['predict'], ['predict']])
  })
})
