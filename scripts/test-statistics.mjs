import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { ROOT } from './lib/root.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'
import { StageRun } from './lib/stage-run.mjs'
import { vitestStage } from './lib/stages.mjs'

const FIGURES = path.join(ROOT, 'test-results/statistics.txt')
const TIMEOUT_MS = 15 * 60_000

/** Parts of the paths of test files that were named on the command line; all when none was. */
const files = process.argv.slice(2)
const run = new StageRun()

/**
 * `npm run test:statistics`: the long forms of what the evidence promises (false alarms, power, exact boundaries), simulated with printed
 * seeds, from a fresh clone or after `npm test`, whose install it uses. `npm run test:statistics -- latency` runs only those files. It shows
 * what was found and ends with `N passed, N failed`.
 */
await runMain(async () => {
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  rmSync(FIGURES, { force: true })
  await run.stage('statistics', () => vitestStage('statistics', { files, timeoutMs: TIMEOUT_MS }))
  showFigures()
  return run.report()
})

function showFigures() {
  try {
    process.stdout.write(`\nFound:\n${readFileSync(FIGURES, 'utf8').replace(/^/gm, '  ').trimEnd()}\n`)
  } catch {
    // Nothing was simulated.
  }
}
