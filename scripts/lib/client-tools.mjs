import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Failure } from './failure.mjs'
import { sayWhile } from './progress.mjs'
import { ROOT } from './root.mjs'
import { run } from './run.mjs'

const CACHE = path.join(ROOT, 'node_modules/.cache/understudy-clients')
const REQUIREMENTS = path.join(ROOT, 'e2e/clients/python/requirements.txt')
const PROTO = path.join(ROOT, 'packages/protocols/proto')
const PYTHON_MIN = [3, 11]
const GRPCURL = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4'
const PIP_TIMEOUT_MS = 180_000
const GRPCURL_TIMEOUT_MS = 100_000

/**
 * A Python with the clients of `requirements.txt`, in a virtual environment of this checkout, and stubs generated from the protocol files.
 * @throws {Failure} with the one thing to install
 */
export async function ensurePython() {
  const system = findPython()
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(system.version).digest('hex')
  const venv = path.join(CACHE, `python-${wanted.slice(0, 16)}`)
  const program = path.join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  if (!existsSync(path.join(venv, 'complete'))) {
    await sayWhile('installing the Python clients', () => makeVenv(system.program, venv, program))
  }
  return { program, stubs: await generateStubs(program) }
}

/** @throws {Failure} when there is no curl */
export function checkCurl() {
  if (spawnSync('curl', ['--version']).status === 0) return
  throw new Failure(
    'The program `curl` cannot be run: install it (for example `apt-get install curl`) and start again.',
  )
}

function findPython() {
  for (const program of ['python3', 'python']) {
    const asked = spawnSync(program, ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'])
    const version = asked.status === 0 ? String(asked.stdout).trim() : ''
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major > PYTHON_MIN[0] || (major === PYTHON_MIN[0] && minor >= PYTHON_MIN[1]))
      return { program, version }
  }
  throw new Failure(
    `Python ${PYTHON_MIN.join('.')} or later cannot be run: install it (for example \`apt-get install python3 python3-venv\`, or from https://www.python.org) and start again.`,
  )
}

async function makeVenv(python, venv, program) {
  rmSync(venv, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  const made = await run(python, ['-m', 'venv', venv], { timeoutMs: PIP_TIMEOUT_MS })
  if (made.code !== 0) {
    throw new Failure(
      `Python cannot make a virtual environment: install its module venv (for example \`apt-get install python3-venv\`) and start again.\n${lastOf(made.output)}`,
    )
  }
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '-r',
    REQUIREMENTS,
  ]
  const installed = await run(program, args, { timeoutMs: PIP_TIMEOUT_MS })
  if (installed.code !== 0)
    throw new Failure(`pip could not install the clients:\n${lastOf(installed.output)}`)
  writeFileSync(path.join(venv, 'complete'), '')
}

/** Stubs are generated anew each time: they must be those of the protocol files as they are. */
async function generateStubs(program) {
  const stubs = path.join(CACHE, 'stubs')
  rmSync(stubs, { recursive: true, force: true })
  mkdirSync(stubs, { recursive: true })
  const files = readdirSync(PROTO, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.proto'))
    .map((entry) => path.relative(PROTO, path.join(entry.parentPath ?? entry.path, entry.name)))
  // `grpc` is a package of its own in Python: what lies below it is generated as if it lay at the top; reflection has a client of its own.
  await protoc(
    program,
    stubs,
    PROTO,
    files.filter((file) => !file.startsWith('grpc/')),
  )
  await protoc(program, stubs, path.join(PROTO, 'grpc/health/v1'), ['health.proto'])
  return stubs
}

async function protoc(program, stubs, folder, files) {
  const args = [
    '-m',
    'grpc_tools.protoc',
    '-I',
    folder,
    `--python_out=${stubs}`,
    `--grpc_python_out=${stubs}`,
  ]
  const { code, output } = await run(program, [...args, ...files], { timeoutMs: 60_000 })
  if (code !== 0) throw new Failure(`No stubs could be generated from the protocol files:\n${lastOf(output)}`)
}

/** The program `grpcurl`: the one in the PATH, or built by Go where there is one; else the reason why there is none. */
export async function ensureGrpcurl() {
  if (spawnSync('grpcurl', ['-version']).status === 0) return { program: 'grpcurl' }
  const kept = path.join(CACHE, 'grpcurl-1.9.4')
  if (existsSync(kept)) return { program: kept }
  if (spawnSync('go', ['version']).status !== 0) return { problem: 'there is neither grpcurl nor Go' }
  const bin = path.join(CACHE, 'go-bin')
  const { code, output } = await run('go', ['install', GRPCURL], {
    env: { GOBIN: bin },
    timeoutMs: GRPCURL_TIMEOUT_MS,
  })
  if (code !== 0) return { problem: `Go could not build it (${lastOf(output).split('\n').at(-1)})` }
  renameSync(path.join(bin, 'grpcurl'), kept)
  return { program: kept }
}

function lastOf(output) {
  return output.trim().split('\n').slice(-12).join('\n')
}
