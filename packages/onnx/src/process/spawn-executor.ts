import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { FRAMES_FD, LIFELINE_FD, settingsToArgument } from '../executor/executor-settings.ts'
import { DEFAULT_FRAME_LIMITS } from '../frames/frame-limits.ts'
import { dataArgument, dataBytes } from './data-limit.ts'
import { type ExecutorExit, lastWordOf } from './executor-exit.ts'
import { DEFAULT_EXECUTOR_UID, DEFAULT_MAX_RESPONSE_BYTES, type ExecutorOptions } from './executor-options.ts'
import { type ExecutorProcess, unavailable } from './executor-process.ts'
import { keepTail } from './output-tail.ts'
import { spawnBare } from './spawn-bare.ts'

/**
 * Starts an executor with nothing of its parent ({@link spawnBare}), and with limits on memory and files and without network where the
 * tools permit. By the starter, where there is one that answers; else by a fork of this process.
 *
 * @throws PlatformError `onnx.executor_unavailable`
 */
export async function spawnExecutor(options: ExecutorOptions): Promise<ExecutorProcess> {
  const command = commandLine(options)
  return (await options.starter?.startExecutor(command)) ?? (await spawnDirectly(command))
}

async function spawnDirectly(command: readonly string[]): Promise<ExecutorProcess> {
  const child = spawnBare(command)
  await spawned(child)
  const frames = socketOf(child, FRAMES_FD)
  const lifeline = socketOf(child, LIFELINE_FD)
  const { pid } = child
  if (pid === undefined || !frames || !lifeline) {
    child.kill('SIGKILL')
    throw unavailable('the system gave it no sockets')
  }
  child.stdout?.resume()
  frames.on('error', () => {})
  return { pid, frames, exited: observeExit(child, lifeline), kill: () => killGroup(child, pid) }
}

/** The helpers in front, each of which becomes the next. */
function commandLine(options: ExecutorOptions): readonly string[] {
  const { tools, memoryLimitBytes = 0, uid = DEFAULT_EXECUTOR_UID, gid = DEFAULT_EXECUTOR_UID } = options
  const maxFrameBytes = options.maxFrameBytes ?? DEFAULT_FRAME_LIMITS.maxFrameBytes
  const maxResponseBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES
  const isBounded = tools !== undefined && memoryLimitBytes > 0
  const data = isBounded
    ? [
        dataArgument(
          tools,
          dataBytes(memoryLimitBytes, options.fixedForMappedBytes ?? 0),
          options.fixedForMappedBytes !== undefined,
        ),
      ]
    : []
  const bounds = ['--core=0', '--fsize=0', ...data]
  return [
    ...(tools?.unshare ?? []),
    ...(tools?.prlimit ? [tools.prlimit, ...bounds, '--'] : []),
    process.execPath,
    options.entry,
    settingsToArgument({ uid, gid, memoryLimitBytes, maxFrameBytes, maxResponseBytes }),
  ]
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(unavailable(error.message, error)))
  })
}

function socketOf(child: ChildProcess, fd: number): Socket | undefined {
  const stream = child.stdio[fd]
  return stream instanceof Socket ? stream : undefined
}

function observeExit(child: ChildProcess, lifeline: Socket): Promise<ExecutorExit> {
  const stderrTail = keepTail(child.stderr)
  let lastByte: number | undefined
  lifeline.on('data', (chunk: Buffer) => {
    lastByte = chunk.at(-1)
  })
  lifeline.on('error', () => {})
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, lastWord: lastWordOf(lastByte), stderrTail: stderrTail() })
    })
  })
}

function killGroup(child: ChildProcess, pid: number): void {
  // After its end the number may belong to another process.
  if (child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}
