import { defineConfig } from 'prisma/config'

// generate, validate and format work from what the package ships; without this line the CLI first fetches a
// schema-engine binary that it does not use, and fails where only the package registry is reachable.
if (/^(generate|validate|format)$/.test(process.argv[2] ?? '')) {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://understudy@127.0.0.1:5432/understudy' },
})
