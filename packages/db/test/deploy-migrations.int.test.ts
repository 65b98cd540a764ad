import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createTestDatabase } from '@understudy/testing/database'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployMigrations } from '../src/migrate/index.ts'

let dir: string
let url: string
let client: pg.Client

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'migrations-'))
  url = (await createTestDatabase({ empty: true })).connectionString
  client = new pg.Client({ connectionString: url })
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await rm(dir, { recursive: true })
})

async function migration(name: string, sql: string) {
  await mkdir(path.join(dir, name), { recursive: true })
  await writeFile(path.join(dir, name, 'migration.sql'), sql)
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1`,
  )
  return rows.map((row) => row.name)
}

describe('deployMigrations', () => {
  it('applies each migration once, in the order of their names', async () => {
    await migration('2_b', 'ALTER TABLE a ADD COLUMN y int;')
    await migration('1_a', 'CREATE TABLE a (x int);')
    expect((await deployMigrations(url, dir)).applied).toEqual(['1_a', '2_b'])
    await migration('3_c', 'CREATE TABLE c (x int);')
    expect((await deployMigrations(url, dir)).applied).toEqual(['3_c'])
    expect((await deployMigrations(url, dir)).applied).toEqual([])
  })

  it('records what Prisma Migrate would record', async () => {
    await migration('1_a', 'CREATE TABLE a (x int);\n')
    await deployMigrations(url, dir)
    const { rows } = await client.query('SELECT * FROM _prisma_migrations')
    expect(rows).toEqual([
      expect.objectContaining({
        checksum: '1c0a5f21cdffcd4210b24724676c9084acc427f170eb1a8bdd097e359601ecca',
        migration_name: '1_a',
        applied_steps_count: 1,
        rolled_back_at: null,
        finished_at: expect.any(Date),
      }),
    ])
  })

  it('lets one of several concurrent starters apply, and none fail', async () => {
    await migration('1_a', 'CREATE TABLE a (x int); SELECT pg_sleep(0.2);')
    await migration('2_b', 'CREATE TABLE b (x int);')
    const reports = await Promise.all(Array.from({ length: 5 }, () => deployMigrations(url, dir)))
    expect(reports.map((report) => report.applied.length).sort()).toEqual([0, 0, 0, 0, 2])
    expect(await tables()).toEqual(['a', 'b'])
  })

  it('leaves no trace of a failed migration, keeps the ones before it, and applies it once corrected', async () => {
    await migration('1_a', 'CREATE TABLE a (x int);')
    await migration('2_b', 'CREATE TABLE b (x int);\nCREATE TABLE b2 (\n  x nonsense\n);')
    await expect(deployMigrations(url, dir)).rejects.toMatchObject({
      code: 'db.migration_failed',
      message: 'Migration 2_b failed: type "nonsense" does not exist (line 3).',
    })
    expect(await tables()).toEqual(['a'])
    await migration('2_b', 'CREATE TABLE b (x int);')
    expect((await deployMigrations(url, dir)).applied).toEqual(['2_b'])
  })

  it('keeps function bodies whole', async () => {
    await migration(
      '1_f',
      `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 7; END; $$;`,
    )
    await deployMigrations(url, dir)
    expect((await client.query('SELECT f()')).rows).toEqual([{ f: 7 }])
  })

  it('refuses to go on when an applied file was edited', async () => {
    await migration('1_a', 'CREATE TABLE a (x int);')
    await deployMigrations(url, dir)
    await migration('1_a', 'CREATE TABLE a (x bigint);')
    await migration('2_b', 'CREATE TABLE b (x int);')
    await expect(deployMigrations(url, dir)).rejects.toMatchObject({ code: 'db.migration_edited' })
    expect(await tables()).toEqual(['a'])
  })

  it('runs one statement outside a transaction where the file asks for it', async () => {
    await migration('1_a', 'CREATE TABLE a (x int);')
    await migration('2_i', '-- no-transaction\nCREATE INDEX CONCURRENTLY a_x ON a (x);')
    expect((await deployMigrations(url, dir)).applied).toEqual(['1_a', '2_i'])
  })

  it('stops at a failed migration outside a transaction until someone settles it', async () => {
    await migration('1_i', '-- no-transaction\nCREATE INDEX CONCURRENTLY i ON missing (x);')
    await expect(deployMigrations(url, dir)).rejects.toMatchObject({ code: 'db.migration_failed' })
    const stopped = await deployMigrations(url, dir).catch((error: unknown) => error)
    expect(stopped).toMatchObject({ code: 'db.migration_unfinished' })
    await client.query(String(stopped).slice(String(stopped).indexOf('UPDATE')))
    await migration('1_i', 'CREATE TABLE settled (x int);')
    expect((await deployMigrations(url, dir)).applied).toEqual(['1_i'])
  })

  it('reports a folder that cannot be read and a database that cannot be reached by their codes', async () => {
    await expect(deployMigrations(url, path.join(dir, 'none'))).rejects.toMatchObject({
      code: 'db.migrations_unreadable',
    })
    await expect(deployMigrations('postgresql://x:y@127.0.0.1:1/z', dir)).rejects.toMatchObject({
      code: 'control.database_unavailable',
    })
  })
})
