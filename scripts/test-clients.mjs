import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { checkCurl, ensureGrpcurl, ensurePython } from './lib/client-tools.mjs'
import { Failure, runMain } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { checkPrerequisites } from './lib/prerequisites.mjs'
import { say, sayWhile } from './lib/progress.mjs'
import { ROOT } from './lib/root.mjs'
import { endChildrenOnSignals, run } from './lib/run.mjs'
import { StageRun } from './lib/stage-run.mjs'
import { buildStage, generate } from './lib/stages.mjs'

const RESULT = path.join(ROOT, 'test-results/clients.json')
const TIMEOUT_MS = 5 * 60_000

const stages = new StageRun()

/**
 * `npm run test:clients`: the clients that people have (tritonclient, stubs generated from the protocol files, curl, grpcurl) against real
 * nodes, open, with API keys, and with TLS. It needs Python; the packages go into a virtual environment of this checkout. It ends with
 * `N passed, N failed`.
 */
await runMain(async () => {
  checkPrerequisites()
  endChildrenOnSignals()
  await ensureInstalled()
  const grpcurl = ensureGrpcurl()
  await sayWhile('generating the database client', generate)
  if (!(await stages.stage('build', buildStage))) {
    stages.skip('clients')
    return stages.report()
  }
  await stages.stage('clients', async () => await clientStage(grpcurl))
  return stages.report()
})

async function clientStage(grpcurl) {
  let python
  try {
    checkCurl()
    python = await ensurePython()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { passed: 0, failures: [`clients: ${error.message.split('\n')[0]}`], output: error.message }
  }
  const { program, problem } = await grpcurl
  if (problem !== undefined) say(`skipped grpcurl: ${problem}`)
  rmSync(RESULT, { force: true })
  const args = ['--import', 'tsx', 'e2e/clients/main.ts', python.program, python.stubs, RESULT]
  if (program !== undefined) args.push(program)
  const { code, output } = await run(process.execPath, args, { timeoutMs: TIMEOUT_MS })
  const { passed, failures } = resultOf(code)
  for (const name of passed) process.stdout.write(`${' '.repeat(10)}ok ${name}\n`)
  return { passed: passed.length, failures, output }
}

function resultOf(code) {
  try {
    const { passed, failures } = JSON.parse(readFileSync(RESULT, 'utf8'))
    if (code === 0) return { passed, failures }
    return { passed, failures: [...failures, `clients: the run ended with exit code ${code}`] }
  } catch {
    return { passed: [], failures: [`clients: the run gave no result (exit code ${code})`] }
  }
}
