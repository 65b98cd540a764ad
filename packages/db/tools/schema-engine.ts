import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'
import { catalogAdapter } from './catalog-adapter.ts'

/** What we use of it; our library setting, without a browser's, does not describe it. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>
}

/**
 * The SQL that takes a migrated database to what the schema file says; undefined when nothing is missing.
 *
 * Uses Prisma's schema engine as WebAssembly from its npm package: the native one would have to be downloaded.
 */
export async function missingSql(connectionString: string, schemaFile: string): Promise<string | undefined> {
  // Loading it a second time would pull the memory away under the first.
  loaded ??= loadEngine()
  await loaded
  const files = [{ path: schemaFile, content: await readFile(schemaFile, 'utf8') }]
  const pool = new pg.Pool({ connectionString })
  pool.on('error', () => undefined)
  try {
    const engine = await engineModule.SchemaEngine.new(
      { datamodels: files.map((file) => [file.path, file.content]) },
      () => undefined,
      catalogAdapter(pool),
    )
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: path.dirname(schemaFile) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: ['public._prisma_migrations'], externalEnums: [] },
    })
    return exitCode === 2 ? (stdout ?? '') : undefined
  } finally {
    await pool.end()
  }
}

let loaded: Promise<void> | undefined

async function loadEngine(): Promise<void> {
  // The engine reports a panic here; without it the panic shows as a TypeError.
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => process.stderr.write(`schema engine: ${message}\n`),
    },
  })
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm')
  const wasm = await readFile(path.join(path.dirname(entry), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': engineModule })
  engineModule.__wbg_set_wasm(instance.exports)
  const { __wbindgen_start: start } = instance.exports
  if (typeof start === 'function') start()
}
