import path from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles each entry with the workspace packages it uses into `dist/`, as plain ES modules for Node 20 and later.
 *
 * Packages from the registry stay outside: they are installed beside the bundle. `src/a/b.ts` becomes `dist/a/b.mjs`.
 * Usage: node bundle.mjs [--outdir=dist] <entry.ts>...
 */
const OUTDIR = '--outdir='
const args = process.argv.slice(2)
const entries = args.filter((arg) => !arg.startsWith(OUTDIR))
const outdir = args.find((arg) => arg.startsWith(OUTDIR))?.slice(OUTDIR.length) ?? 'dist'

await build({
  entryPoints: entries,
  outbase: path.resolve('src'),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
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
