import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT } from './root.mjs'

const running = new Set()

/**
 * Runs a program to its end and gives its exit code and the end of its output. It has a process group of its own, which is
 * ended when its time is up or when we are asked to stop.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string | undefined>, timeoutMs?: number, show?: boolean }} options
 *   `show`: its output also appears as it comes.
 */
export function run(file, args, { env = {}, timeoutMs = 900_000, show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-200_000)
        if (show) process.stdout.write(chunk)
      })
    }
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      endGroup(child, 'SIGTERM')
      setTimeout(() => endGroup(child, 'SIGKILL'), 10_000).unref()
    }, timeoutMs)
    const finish = (code, note = '') => {
      clearTimeout(timer)
      running.delete(child)
      resolve({ code, output: output + note })
    }
    child.once('error', (error) => finish(127, `${file}: ${error.message}\n`))
    child.once('close', (code, signal) =>
      finish(
        timedOut ? 124 : (code ?? 128 + constants.signals[signal]),
        timedOut ? `\nended after ${timeoutMs / 1_000} s: it took too long\n` : '',
      ),
    )
  })
}

/** Ends every program that is still running when we are asked to stop. */
export function endChildrenOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      for (const child of running) endGroup(child, 'SIGTERM')
      setTimeout(() => {
        for (const child of running) endGroup(child, 'SIGKILL')
        process.exit(128 + constants.signals[signal])
      }, 3_000)
    })
  }
}

function endGroup(child, signal) {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It is gone already.
  }
}
