import { ensureChromium } from './lib/chromium.mjs'
import { Failure, runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { sayWhile } from './lib/progress.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'
import { StageRun } from './lib/stage-run.mjs'
import { buildStage, checkStage, generate, vitestStage } from './lib/stages.mjs'

const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const DEPCRUISE = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'
const KNIP = 'node_modules/knip/bin/knip.js'
/** The native compiler: it finds the same in a third of the time. Next and the tools read types through the other one's API, which it lacks. */
const TSC = 'node_modules/typescript-native/bin/tsc'

/** In this order one after the other, on one core: beside the build, which has use for the other, and beside the first tests. */
const CHECKS = {
  lockfile: () => checkStage('lockfile', [['scripts/check-lockfile.mjs']]),
  format: () => checkStage('format', [[BIOME, 'check', '.']]),
  boundaries: () =>
    checkStage('boundaries', [[DEPCRUISE, '--config', 'dependency-cruiser.config.mjs', 'apps', 'packages']]),
  unused: () => checkStage('unused', [[KNIP]]),
  migrations: () => checkStage('migrations', [['--import', 'tsx', 'packages/db/tools/dbtool.ts', 'check']]),
  types: () =>
    checkStage('types', [
      [TSC, '-p', 'tsconfig.json'],
      [TSC, '-p', 'e2e/tsconfig.json'],
    ]),
}

/** The console's types include what its build generates. */
const CHECKS_OF_BUILD = {
  'console-types': () => checkStage('console-types', [[TSC, '-p', 'apps/console/tsconfig.json', '--noEmit']]),
}

/** A stage that takes longer hangs; a slow machine is none. */
const STAGE_TIMEOUT_MS = 1_200_000

/** They need nothing of the build, but they compute as much: the build comes first, since more waits for it. */
const TESTS = { unit: () => vitestStage('unit', { timeoutMs: STAGE_TIMEOUT_MS }) }

/** In this order: two test files at a time are as much as two cores bear. */
const TESTS_OF_BUILD = {
  integration: () => vitestStage('integration', { timeoutMs: STAGE_TIMEOUT_MS }),
  e2e: endToEnd,
}

const OF_BUILD = { ...CHECKS_OF_BUILD, ...TESTS_OF_BUILD }
const NAMES = ['build', ...Object.keys({ ...CHECKS, ...TESTS, ...OF_BUILD })]

/** Stages that were named on the command line; all when none was. */
const wanted = new Set(process.argv.slice(2).length > 0 ? process.argv.slice(2) : NAMES)
const run = new StageRun()
let browser

/**
 * `npm test`: everything that must hold, from a fresh clone. `npm test -- unit types` runs only those stages, and what
 * they need. It ends with `N passed, N failed`; what could not run counts as failed.
 */
await runMain(async () => {
  const unknown = [...wanted].find((name) => !NAMES.includes(name))
  if (unknown) throw new Failure(`There is no stage "${unknown}". Stages: ${NAMES.join(', ')}.`)
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  await sayWhile('generating the database client', generate)
  if (wanted.has('e2e')) browser = sayWhile('looking for a browser', ensureChromium)
  const needsBuild = wanted.has('build') || chosen(OF_BUILD).length > 0
  const built = needsBuild ? run.stage('build', buildStage) : Promise.resolve(true)
  await Promise.all([
    runAll(CHECKS).then(() => runAllOfBuild(CHECKS_OF_BUILD, built)),
    built.then(() => runAll(TESTS)).then(() => runAllOfBuild(TESTS_OF_BUILD, built)),
  ])
  return run.report()
})

function chosen(stages) {
  return Object.keys(stages).filter((name) => wanted.has(name))
}

async function runAll(stages) {
  for (const name of chosen(stages)) await run.stage(name, stages[name])
}

async function runAllOfBuild(stages, built) {
  if (await built) await runAll(stages)
  else for (const name of chosen(stages)) run.skip(name)
}

async function endToEnd() {
  const chromium = await browser
  if (chromium.problem) return { passed: 0, failures: [`e2e: ${chromium.problem}`], output: chromium.problem }
  return await vitestStage('e2e', {
    env: { UNDERSTUDY_CHROMIUM: chromium.path },
    timeoutMs: STAGE_TIMEOUT_MS,
  })
}
