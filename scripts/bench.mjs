import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { build, isBuilt } from './lib/build.mjs'
import { runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { sayWhile } from './lib/progress.mjs'
import { ROOT } from './lib/root.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'

/**
 * `npm run bench`: measures the built platform against the targets of `bench/README.md`. `npm run bench -- --only 1,9` takes a part,
 * `--rounds 20` takes longer, `--project <folder>` measures another checkout, as it was built there.
 */
await runMain(async () => {
  const args = process.argv.slice(2)
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  if (!args.includes('--project') && !isBuilt()) await sayWhile('building', build)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
  return await bench(args)
})

function bench(args) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/src/main.ts', ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  // A terminal tells the child too: it ends what it has started, then we end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
