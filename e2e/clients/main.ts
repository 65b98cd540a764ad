import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { NodeRig } from '@understudy/testing'
import { PROJECT } from '../support/platform.ts'
import { runCurl } from './curl.ts'
import { runGrpcurl } from './grpcurl.ts'
import { clientModels } from './models.ts'
import { type Outcome, readOutcome } from './outcome.ts'
import { PASSES, startPass, type Target } from './passes.ts'

/**
 * Starts a node for each pass and puts every client to work on it. Writes what was found to the file that is named, as `StageResult` of
 * the scripts.
 *
 * `main.ts <python> <folder with generated stubs> <result file> [<grpcurl>]`
 */
const [python = '', stubs = '', resultFile = '', grpcurl] = process.argv.slice(2)
const SCRIPTS = fileURLToPath(new URL('./python/', import.meta.url))
const SHARED = ['checks.py', 'values.py', 'channel.py']
const SCRIPT_TIMEOUT_MS = 60_000

const rig = await NodeRig.create(PROJECT)
const outcomes: Outcome[] = []
let log = ''
try {
  const models = await clientModels(rig)
  for (const pass of PASSES) {
    const { node, target } = await startPass(rig, models, pass)
    for (const outcome of await everyClient(target)) outcomes.push(named(pass.name, outcome))
    const exitCode = await node.stop()
    const end = `${pass.name}: the node stops in order`
    outcomes.push(
      exitCode === 0
        ? { passed: [end], failures: [] }
        : { passed: [], failures: [`${end}: its exit code was ${exitCode}: ${node.output.slice(-2_000)}`] },
    )
  }
} finally {
  await rig.close()
}
report()

async function everyClient(target: Target): Promise<readonly Outcome[]> {
  const scripts = readdirSync(SCRIPTS).filter((name) => name.endsWith('.py') && !SHARED.includes(name))
  const found: Outcome[] = [runCurl(target)]
  if (grpcurl !== undefined) found.push(runGrpcurl(grpcurl, target))
  for (const script of scripts.sort()) {
    const output = await runScript(script, target)
    found.push(readOutcome(path.basename(script, '.py').replaceAll('_', ' '), output))
  }
  return found
}

function named(pass: string, { passed, failures }: Outcome): Outcome {
  const name = (text: string) => `${pass}: ${text}`
  return { passed: passed.map(name), failures: failures.map(name) }
}

/** What a script of checks says, until it ends or its time is up. */
async function runScript(script: string, target: Target): Promise<string> {
  return await new Promise((resolve) => {
    const child = spawn(python, ['-u', path.join(SCRIPTS, script)], {
      env: {
        ...process.env,
        UNDERSTUDY_TARGET: JSON.stringify(target),
        PYTHONPATH: stubs,
        PYTHONDONTWRITEBYTECODE: '1',
        GRPC_VERBOSITY: 'ERROR',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: SCRIPT_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk
    })
    child.once('close', () => {
      log += errors
      const isWhole = output.split('\n').includes('finished')
      resolve(isWhole ? output : `${output}\n${errors}`)
    })
  })
}

function report(): void {
  const passed = outcomes.flatMap((outcome) => outcome.passed)
  const failures = outcomes.flatMap((outcome) => outcome.failures)
  mkdirSync(path.dirname(resultFile), { recursive: true })
  writeFileSync(resultFile, JSON.stringify({ passed, failures }, null, 1))
  process.stdout.write(
    `${[...passed.map((name) => `ok ${name}`), ...failures.map((name) => `FAILED ${name}`)].join('\n')}\n`,
  )
  if (failures.length > 0) process.stderr.write(log.slice(-8_000))
}
