import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createTestDatabase } from '@understudy/testing/database'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deployMigrations } from '../src/migrate/index.ts'
import { missingSql } from '../tools/schema-engine.ts'

const SCHEMA = `
datasource db {
  provider = "postgresql"
}

model Thing {
  id   Int    @id
  kind String
}
`
const MIGRATION = `
CREATE TABLE "Thing" ("id" INTEGER NOT NULL, "kind" TEXT NOT NULL, CONSTRAINT "Thing_pkey" PRIMARY KEY ("id"));
ALTER TABLE "Thing" ADD CONSTRAINT known_kind CHECK (kind IN ('a', 'b'));
CREATE UNIQUE INDEX one_a ON "Thing" (kind) WHERE kind = 'a';
`

let folder: string
let url: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'missing-sql-'))
  await mkdir(path.join(folder, 'migrations', '1_thing'), { recursive: true })
  await writeFile(path.join(folder, 'migrations', '1_thing', 'migration.sql'), MIGRATION)
  url = (await createTestDatabase({ empty: true })).connectionString
  await deployMigrations(url, path.join(folder, 'migrations'))
})
afterEach(() => rm(folder, { recursive: true }))

async function missingFrom(schema: string): Promise<string | undefined> {
  const file = path.join(folder, 'schema.prisma')
  await writeFile(file, schema)
  return await missingSql(url, file)
}

describe('missingSql', () => {
  it('finds nothing missing when migrations and schema agree, checks and partial indexes included', async () => {
    expect(await missingFrom(SCHEMA)).toBeUndefined()
  })

  it('writes the migration that a changed schema needs', async () => {
    expect(await missingFrom(SCHEMA.replace('kind String', 'kind String\n  size Int @default(0)'))).toContain(
      'ALTER TABLE "Thing" ADD COLUMN     "size" INTEGER NOT NULL DEFAULT 0',
    )
  })
})
