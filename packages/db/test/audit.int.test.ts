import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditHash } from '../src/audit/audit.ts'
import { audit, type Database, GENESIS_HASH, verifyAudit } from '../src/index.ts'
import { World } from './support/world.ts'

let world: World
let database: Database
beforeAll(async () => {
  world = await World.open()
  database = world.database
})
afterAll(() => world.close())
beforeEach(() => tamper('TRUNCATE audit'))

const write = (action: string, details: Record<string, unknown> = {}) =>
  database.transaction((tx) =>
    audit(tx, { actor: 'ada', action, model: 'iris', number: 2, sentence: `ada did ${action}`, details }),
  )

async function writeSome(): Promise<void> {
  for (const action of ['first', 'second', 'third', 'fourth', 'fifth']) await write(action)
}

/** What only the owner of the tables can do, and not by accident. */
async function tamper(sql: string): Promise<void> {
  const { prisma } = database
  await prisma.$transaction([
    prisma.$executeRawUnsafe('ALTER TABLE audit DISABLE TRIGGER USER'),
    prisma.$executeRawUnsafe(sql),
    prisma.$executeRawUnsafe('ALTER TABLE audit ENABLE TRIGGER USER'),
  ])
}

describe('the audit log', () => {
  it('is one unbroken chain after 100 transactions at the same time', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => write(`act-${i}`)))
    const rows = await database.prisma.audit.findMany({ orderBy: { seq: 'asc' } })
    expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(rows.map((row) => row.previousHash)).toEqual([
      GENESIS_HASH,
      ...rows.slice(0, -1).map((row) => row.hash),
    ])
    expect(new Set(rows.map((row) => row.action)).size).toBe(100)
    expect(await verifyAudit(database)).toEqual({ ok: true, entries: 100, head: rows.at(-1)?.hash })
  })

  it('holds nothing of a transaction that failed', async () => {
    const failing = database.transaction(async (tx) => {
      await audit(tx, { actor: 'ada', action: 'never', sentence: 'this did not happen' })
      throw new Error('broken')
    })
    await expect(failing).rejects.toThrow('broken')
    await write('after')
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: 1 })
  })

  it.each([
    "UPDATE audit SET sentence = 'nothing happened'",
    'DELETE FROM audit WHERE seq = 2',
    'TRUNCATE audit',
  ])('refuses %s', async (sql) => {
    await writeSome()
    await expect(database.prisma.$executeRawUnsafe(sql)).rejects.toThrow('append-only')
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: 5 })
  })

  it('takes whatever details there are and finds them again', async () => {
    await write('odd', {
      nested: { b: [1, 2.5, 1e21, 5e-324, -0], a: null },
      text: 'ünïcode "quoted" \u2028',
      missing: undefined,
      at: new Date(0),
    })
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: 1 })
  })

  it('takes text that Postgres cannot store, such as a model may bring into a reason', async () => {
    await database.transaction((tx) =>
      audit(tx, {
        actor: 'git:a\0b',
        action: 'rejected',
        sentence: 'unknown operator "a\0b" \ud800',
        reason: 'a\0b',
        details: { reasons: ['a\0b', '\udfff'] },
      }),
    )
    expect(await verifyAudit(database)).toMatchObject({ ok: true, entries: 1 })
  })
})

describe('verifyAudit', () => {
  beforeEach(writeSome)

  it.each([
    ['a changed sentence', "UPDATE audit SET sentence = 'nothing happened' WHERE seq = 3", 3],
    ['a changed actor', "UPDATE audit SET actor = 'eve' WHERE seq = 1", 1],
    ['a changed time', "UPDATE audit SET at = at - interval '1 hour' WHERE seq = 5", 5],
    ['changed details', `UPDATE audit SET details = '{"x":1}' WHERE seq = 2`, 2],
  ])('finds %s', async (_, sql, seq) => {
    await tamper(sql)
    expect(await verifyAudit(database)).toEqual({ ok: false, seq, problem: 'the entry was changed' })
  })

  it('finds a missing entry', async () => {
    await tamper('DELETE FROM audit WHERE seq = 2')
    expect(await verifyAudit(database)).toEqual({ ok: false, seq: 2, problem: 'the entry is missing' })
  })

  it('finds a missing first entry', async () => {
    await tamper('DELETE FROM audit WHERE seq = 1')
    expect(await verifyAudit(database)).toMatchObject({ ok: false, seq: 1 })
  })

  it('finds an entry that was removed when the ones after it were moved up', async () => {
    await tamper('DELETE FROM audit WHERE seq = 2')
    await tamper('UPDATE audit SET seq = seq - 1 WHERE seq > 2')
    expect(await verifyAudit(database)).toEqual({
      ok: false,
      seq: 2,
      problem: 'the entry does not follow the one before it',
    })
  })

  it('finds an inserted entry, also one that fits: what follows it no longer does', async () => {
    const [second, third] = await database.prisma.audit.findMany({
      where: { seq: { in: [2, 3] } },
      orderBy: { seq: 'asc' },
    })
    if (!second || !third) throw new Error('the entries are missing')
    const forged = {
      seq: 3,
      at: second.at.toISOString(),
      actor: 'eve',
      action: 'approved',
      model: null,
      number: null,
      sentence: 'eve approved it',
      reason: null,
      details: {},
    }
    const hash = auditHash(second.hash, forged)
    await tamper('UPDATE audit SET seq = -seq WHERE seq >= 3')
    await tamper('UPDATE audit SET seq = 1 - seq WHERE seq < 0')
    await tamper(`UPDATE audit SET previous_hash = '${hash}' WHERE seq = 4`)
    await tamper(`INSERT INTO audit (seq, at, actor, action, sentence, details, previous_hash, hash)
      VALUES (3, '${forged.at}', 'eve', 'approved', 'eve approved it', '{}', '${second.hash}', '${hash}')`)
    expect(await verifyAudit(database)).toEqual({ ok: false, seq: 4, problem: 'the entry was changed' })
  })
})
