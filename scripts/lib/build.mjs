import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Failure } from './failure.mjs'
import { sayWhile } from './progress.mjs'
import { ROOT } from './root.mjs'
import { run } from './run.mjs'
import { sourceHash } from './source-hash.mjs'

const STAMP = path.join(ROOT, 'node_modules/.understudy-build')
const RESULTS = [
  'apps/cli/dist/main.mjs',
  'apps/cli/dist/up/guard.mjs',
  'apps/controller/dist/main.mjs',
  'apps/serving/dist/main.mjs',
  'apps/console/.next/standalone/apps/console/server.js',
  'packages/onnx/dist/executor/main.mjs',
]

/** Environment of every build: nothing of it calls home. */
export const BUILD_ENV = { NEXT_TELEMETRY_DISABLED: '1', TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }

/** Guarantees that what runs is built from the sources as they are; does nothing when it is already. */
export async function ensureBuilt() {
  const wanted = sourceHash()
  const done = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted
  if (done && RESULTS.every((file) => existsSync(path.join(ROOT, file)))) return
  rmSync(STAMP, { force: true })
  const { code, output } = await sayWhile('building', () =>
    turbo(['run', 'build', '--output-logs=errors-only']),
  )
  if (code !== 0) throw new Failure(`The build failed:\n${output.trim().split('\n').slice(-60).join('\n')}`)
  const missing = RESULTS.find((file) => !existsSync(path.join(ROOT, file)))
  if (missing) throw new Failure(`The build did not make ${missing}: run \`npx turbo run build --force\`.`)
  addConsoleAssets()
  writeFileSync(STAMP, wanted)
}

export function turbo(args) {
  return run(process.execPath, [path.join(ROOT, 'node_modules/turbo/bin/turbo'), ...args], { env: BUILD_ENV })
}

/** Next leaves it to us to put a standalone server's static files beside it. */
function addConsoleAssets() {
  const from = path.join(ROOT, 'apps/console')
  const to = path.join(from, '.next/standalone/apps/console')
  for (const folder of ['.next/static', 'public']) {
    if (!existsSync(path.join(from, folder))) continue
    rmSync(path.join(to, folder), { recursive: true, force: true })
    cpSync(path.join(from, folder), path.join(to, folder), { recursive: true })
  }
}
