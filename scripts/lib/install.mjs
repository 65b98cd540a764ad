import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Failure } from './failure.mjs'
import { sayWhile } from './progress.mjs'
import { ROOT } from './root.mjs'
import { run } from './run.mjs'

const LOCKFILE = path.join(ROOT, 'package-lock.json')
const INSTALLED = path.join(ROOT, 'node_modules/.package-lock.json')
const STAMP = path.join(ROOT, 'node_modules/.understudy-lock')

/** Guarantees that node_modules is what the lockfile says; does nothing when it is already. */
export async function ensureInstalled() {
  const wanted = lockHash()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  if (!isInstalled()) await install()
  writeFileSync(STAMP, wanted)
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(LOCKFILE))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
}

async function install() {
  // Without the two --include, an environment such as NODE_ENV=production would leave out the tools that build.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund']
  const [file, ...first] = npmCommand()
  const { code, output } = await sayWhile('installing packages (npm ci)', () =>
    run(file, [...first, ...args], { env: { ONNXRUNTIME_NODE_INSTALL: 'skip' } }),
  )
  if (code !== 0) throw new Failure(`npm ci failed:\n${output.trim().split('\n').slice(-20).join('\n')}`)
}

/** The npm that started us, if one did; else the one in the PATH. */
function npmCommand() {
  const npm = process.env.npm_execpath
  return npm && /npm-cli\.c?js$/.test(npm) && existsSync(npm) ? [process.execPath, npm] : ['npm']
}

/** Compares npm's own record of what it installed with the lockfile: someone may have run `npm ci` before us. */
function isInstalled() {
  if (!existsSync(INSTALLED)) return false
  const installed = JSON.parse(readFileSync(INSTALLED, 'utf8')).packages
  const locked = JSON.parse(readFileSync(LOCKFILE, 'utf8')).packages
  return Object.entries(locked).every(([at, entry]) => {
    if (!at.startsWith('node_modules/') && !at.includes('/node_modules/')) return true
    if (installed[at]) return installed[at].version === entry.version
    return entry.optional === true || entry.devOptional === true || entry.peer === true
  })
}
