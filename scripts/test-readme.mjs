import { runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { sayWhile } from './lib/progress.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'
import { StageRun } from './lib/stage-run.mjs'
import { buildStage, generate, vitestStage } from './lib/stages.mjs'

const TIMEOUT_MS = 10 * 60_000

const run = new StageRun()

/**
 * `npm run test:readme`: what the README says works as it is written, from `npm start` to the last command of the tour, from a fresh clone or
 * after `npm test`, whose install and build it uses. It ends with `N passed, N failed`.
 */
await runMain(async () => {
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  await sayWhile('generating the database client', generate)
  if (await run.stage('build', buildStage))
    await run.stage('readme', () => vitestStage('readme', { timeoutMs: TIMEOUT_MS }))
  else run.skip('readme')
  return run.report()
})
