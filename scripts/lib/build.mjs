import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Failure } from './failure.mjs'
import { ROOT } from './root.mjs'
import { run } from './run.mjs'
import { sourceHash } from './source-hash.mjs'

const STAMP = path.join(ROOT, 'node_modules/.understudy-build')
const RESULTS = [
  'apps/cli/dist/main.mjs',
  'apps/cli/dist/up/guard.mjs',
  'apps/cli/dist/balancer/main.mjs',
  'apps/controller/dist/main.mjs',
  'apps/serving/dist/main.mjs',
  'apps/console/.next/standalone/apps/console/server.js',
  'apps/console/.next/standalone/apps/console/.next/static',
  'packages/onnx/dist/executor/main.mjs',
  'packages/onnx/dist/starter/main.mjs',
]

/** Environment of every build: nothing of it calls home. */
export const BUILD_ENV = { NEXT_TELEMETRY_DISABLED: '1', TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }

/** Whether what runs is built from the sources as they are. */
export function isBuilt() {
  const stamped = existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourceHash()
  return stamped && missingResult() === undefined
}

/** Builds what changed. @throws {Failure} with the end of what the tools say */
export async function build() {
  // Of the sources as they are now: one that changes meanwhile is built next time.
  const building = sourceHash()
  rmSync(STAMP, { force: true })
  const { code, output } = await turbo(['run', 'build', '--output-logs=errors-only'])
  if (code !== 0) throw new Failure(`The build failed:\n${output.trim().split('\n').slice(-60).join('\n')}`)
  const missing = missingResult()
  if (missing) throw new Failure(`The build did not make ${missing}: run \`npx turbo run build --force\`.`)
  writeFileSync(STAMP, building)
}

function missingResult() {
  return RESULTS.find((file) => !existsSync(path.join(ROOT, file)))
}

export function turbo(args) {
  return run(process.execPath, [path.join(ROOT, 'node_modules/turbo/bin/turbo'), ...args], { env: BUILD_ENV })
}
