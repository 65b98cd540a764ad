import { type ChildProcess, spawn } from 'node:child_process'

/**
 * The whole environment of an executor: glibc gives back what a model used, and ONNX Runtime, which since 1.29 reports names and
 * hashes of models to its maker unless told otherwise, reports nothing.
 */
const ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072', ORT_DISABLE_TELEMETRY: '1' }

/**
 * Starts a process with nothing of its parent: no environment but two settings of the libraries, no handles but its sockets and outputs, a
 * process group of its own, `/` as directory.
 */
export function spawnBare([command = '', ...rest]: readonly string[]): ChildProcess {
  return spawn(command, rest, {
    cwd: '/',
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
}
