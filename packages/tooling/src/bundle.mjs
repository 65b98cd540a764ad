import { rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles each entry with the workspace packages it uses into `dist/`, as plain ES modules for Node 20 and later.
 *
 * Packages from the registry stay outside: they are installed beside the bundle. `src/a/b.ts` becomes `dist/a/b.mjs`. With `--splitting`
 * a module that is imported on demand is read on demand, in a file of its own beside the entries; else all of it is in its entry.
 * Usage: node bundle.mjs [--outdir=dist] [--splitting] <entry.ts>...
 */
const OUTDIR = '--outdir='
const SPLITTING = '--splitting'
const args = process.argv.slice(2)
const entries = args.filter((arg) => !arg.startsWith('--'))
const splitting = args.includes(SPLITTING)
const outdir = args.find((arg) => arg.startsWith(OUTDIR))?.slice(OUTDIR.length) ?? 'dist'

// Names of split files change with what is in them: those of the last build would stay.
if (splitting) await rm(outdir, { recursive: true, force: true })

await build({
  entryPoints: entries,
  outbase: path.resolve('src'),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: 'linked',
  logLevel: 'warning',
  plugins: [
    {
      name: 'registry-packages-stay-outside',
      setup(build) {
        build.onResolve({ filter: /^[^./]/ }, (args) =>
          args.kind === 'entry-point' || args.path.startsWith('@understudy/')
            ? undefined
            : { path: args.path, external: true },
        )
      },
    },
  ],
})
