import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { sayWhile } from './lib/progress.mjs'
import { ROOT } from './lib/root.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'
import { StageRun } from './lib/stage-run.mjs'
import { buildStage, generate, vitestStage } from './lib/stages.mjs'

const FIGURES = path.join(ROOT, 'test-results/figures.txt')
const TIMEOUT_MS = 25 * 60_000

/** Parts of the paths of test files that were named on the command line; all when none was. */
const files = process.argv.slice(2)
const run = new StageRun()

/**
 * `npm run test:faults`: the long forms of what must hold when something breaks, from a fresh clone or after `npm test`, whose install and
 * build it uses. `npm run test:faults -- drain` runs only those files. It shows what was measured and ends with `N passed, N failed`.
 */
await runMain(async () => {
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  await sayWhile('generating the database client', generate)
  rmSync(FIGURES, { force: true })
  if (await run.stage('build', buildStage)) {
    await run.stage('faults', () => vitestStage('faults', { files, timeoutMs: TIMEOUT_MS }))
    showFigures()
  } else run.skip('faults')
  return run.report()
})

function showFigures() {
  try {
    process.stdout.write(`\nMeasured:\n${readFileSync(FIGURES, 'utf8').replace(/^/gm, '  ').trimEnd()}\n`)
  } catch {
    // Nothing was measured.
  }
}
