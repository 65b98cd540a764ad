import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { type EndStep, type GuardedProgram, parseGuardedProgram } from './guarded-command.ts'
import { processIdentity } from './process-identity.ts'

/**
 * Runs one foreign program so that it never outlives us: it ends when the pipe on stdin closes, or on SIGTERM or SIGINT.
 *
 * The program gets a process group of its own, its ordinary signals first and SIGKILL for the group at last; the guard
 * exits as it did (128 + n for signal n).
 */
export function runGuard(argument: string | undefined): void {
  const program = parseGuardedProgram(argument)
  const child = start(program)
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`cannot start ${program.file}: ${error.message}\n`)
      resolve(127)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
  ended.then((code) => {
    killGroup(child, 'SIGKILL')
    if (program.identityFile) rmSync(program.identityFile, { force: true })
    process.exit(code)
  })
  onEndRequest(() => endInSteps(child, program.endSteps, ended))
}

function start(program: GuardedProgram): ChildProcess {
  const child = spawn(program.file, program.args, {
    cwd: program.cwd,
    ...program.account,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const identity = child.pid === undefined ? undefined : processIdentity(child.pid)
  try {
    if (program.identityFile && identity) {
      writeFileSync(program.identityFile, JSON.stringify(identity), { mode: 0o600 })
    }
  } catch (error) {
    killGroup(child, 'SIGKILL')
    throw error
  }
  return child
}

function onEndRequest(end: () => void): void {
  let begun = false
  const begin = () => {
    if (begun) return
    begun = true
    end()
  }
  process.on('SIGTERM', begin).on('SIGINT', begin).on('SIGHUP', begin)
  process.stdin.on('end', begin).on('close', begin).on('error', begin).resume()
}

async function endInSteps(
  child: ChildProcess,
  steps: readonly EndStep[],
  ended: Promise<number>,
): Promise<void> {
  for (const { signal, waitMs } of steps) {
    child.kill(signal)
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      ended,
      new Promise((resolve) => {
        timer = setTimeout(resolve, waitMs)
      }),
    ])
    clearTimeout(timer)
  }
  killGroup(child, 'SIGKILL')
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The whole group is gone already.
  }
}
