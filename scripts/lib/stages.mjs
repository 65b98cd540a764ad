import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build, isBuilt, turbo } from './build.mjs'
import { Failure } from './failure.mjs'
import { ROOT } from './root.mjs'
import { run } from './run.mjs'
import { assessReport } from './vitest-report.mjs'

const RESULTS = path.join(ROOT, 'test-results')
/** Tests own their surroundings: nothing of the shell leaks into what they start. */
const TEST_ENV = { NODE_ENV: undefined, DATABASE_URL: undefined, FORCE_COLOR: undefined, NO_COLOR: '1' }

/**
 * What one stage found: how many tests passed, which failed, and what to show of its output.
 * @typedef {{ passed: number, failures: string[], output: string }} StageResult
 */

/** A check is one test: it passes or fails as its commands (arguments of node) do. */
export async function checkStage(name, commands) {
  let output = ''
  for (const args of commands) {
    const result = await run(process.execPath, args, { env: TEST_ENV, timeoutMs: 180_000 })
    output += result.output
    if (result.code !== 0) return { passed: 0, failures: [name], output }
  }
  return { passed: 1, failures: [], output: '' }
}

export async function buildStage() {
  try {
    if (!isBuilt()) await build()
    return { passed: 1, failures: [], output: '' }
  } catch (error) {
    return {
      passed: 0,
      failures: ['build'],
      output: error instanceof Failure ? error.message : String(error.stack),
    }
  }
}

/** The database client is generated code; types, unused code and most tests need it. */
export async function generate() {
  const { code, output } = await turbo(['run', 'db:generate', '--output-logs=errors-only'])
  if (code !== 0) throw new Failure(`The database client could not be generated:\n${output}`)
}

/** One project of vitest, or those of its files whose path holds a text; its whole output is kept in test-results. */
export async function vitestStage(project, { env = {}, timeoutMs, files = [] }) {
  mkdirSync(RESULTS, { recursive: true })
  const reportFile = path.join(RESULTS, `${project}.json`)
  rmSync(reportFile, { force: true })
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...files,
  ]
  const { code, output } = await run(
    process.execPath,
    [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args],
    {
      env: { ...TEST_ENV, ...env },
      timeoutMs,
    },
  )
  writeFileSync(path.join(RESULTS, `${project}.log`), output)
  const { passed, failures } = assessReport(readJson(reportFile), { code, project, root: ROOT })
  return { passed, failures, output: failures.length > 0 ? output : '' }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
