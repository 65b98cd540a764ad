import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import path from 'node:path'
import { build, isBuilt } from './lib/build.mjs'
import { runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { sayWhile } from './lib/progress.mjs'
import { ROOT } from './lib/root.mjs'
import { endChildrenOnSignals } from './lib/run.mjs'

/**
 * `npm start`: from a fresh clone to a running platform with Node, npm and git alone. Installs and builds what changed, then
 * hands over to `understudy up`, which ends with us, however we end.
 */
await runMain(async () => {
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  if (!isBuilt()) await sayWhile('building', build)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal)
  return await up(process.argv.slice(2))
})

function up(args) {
  const child = spawn(process.execPath, [path.join(ROOT, 'apps/cli/bin/understudy.mjs'), 'up', ...args], {
    cwd: ROOT,
    env: { ...process.env, UNDERSTUDY_PARENT_PIPE: '1' },
    // A group of its own: Ctrl-C reaches it once, through us. Its stdin closes when we are gone.
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  endWithNpm(() => child.kill('SIGTERM'))
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`understudy: ${error.message}\n`)
      resolve(1)
    })
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

/** npm passes signals on, but not its own death: killed outright, it leaves us to another parent. */
function endWithNpm(end) {
  if (!process.env.npm_lifecycle_event) return
  // The script in package.json says `exec`: no shell stands between npm and us.
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    end()
  }, 500)
  timer.unref()
}
