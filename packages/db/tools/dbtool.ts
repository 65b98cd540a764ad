import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { deployMigrations } from '../src/migrate/index.ts'
import { missingSql } from './schema-engine.ts'
import { startThrowawayPostgres } from './throwaway-postgres.ts'

const PRISMA = fileURLToPath(new URL('../../../prisma', import.meta.url))
const MIGRATIONS = path.join(PRISMA, 'migrations')

const USAGE = `Usage: dbtool create <name> | check
  create  writes the migration that takes prisma/migrations to prisma/schema.prisma
  check   fails when the two differ
`

/** Compares migrations and schema on a PostgreSQL that is started for it and thrown away; no other database is touched. */
async function difference(): Promise<string | undefined> {
  const postgres = await startThrowawayPostgres()
  try {
    await deployMigrations(postgres.connectionString, MIGRATIONS)
    return await missingSql(postgres.connectionString, path.join(PRISMA, 'schema.prisma'))
  } finally {
    await postgres.stop()
  }
}

async function create(name: string): Promise<string> {
  const sql = await difference()
  if (sql === undefined) return 'The migrations already say what the schema says.\n'
  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const folder = path.join(MIGRATIONS, `${stamp}_${name}`)
  if (existsSync(folder)) throw new Error(`${folder} exists already`)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'migration.sql'), sql)
  return `Wrote ${path.relative(process.cwd(), folder)}/migration.sql. Read it before you commit it.\n`
}

async function check(): Promise<string> {
  const sql = await difference()
  if (sql === undefined) return 'Migrations and schema agree.\n'
  process.exitCode = 2
  return `Migrations and schema differ: run \`npm run db:create -- <name>\`. Missing:\n\n${sql}`
}

const [command, name = ''] = process.argv.slice(2)
try {
  if (command === 'check') process.stdout.write(await check())
  else if (command === 'create' && /^[a-z0-9_]{1,60}$/.test(name)) process.stdout.write(await create(name))
  else {
    process.stderr.write(USAGE)
    process.exitCode = 1
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
