import { Socket } from 'node:net'
import { DEFAULT_FRAME_LIMITS } from '../frames/frame-limits.ts'
import { anonymousMemoryReader } from './anonymous-memory.ts'
import { dropPrivileges } from './drop-privileges.ts'
import { FRAMES_FD, settingsFromArgument } from './executor-settings.ts'
import { MemoryLimit } from './memory-limit.ts'
import { loadNativeLibrary } from './native-library.ts'
import { RunClock } from './run-clock.ts'
import { reply, serveRequests } from './serve-requests.ts'
import { SessionHost } from './session-host.ts'
import { startWatchdog } from './watchdog.ts'

/**
 * The main thread of an executor, until its parent ends the stream.
 *
 * The order matters: watchdog first, so that nothing here can hang unseen; then the library, which may lie where only root may read;
 * then the rights are given up; only then a request, and with it the first byte of a model, is read.
 */
export async function runExecutor(entry: URL, argument: string): Promise<void> {
  const settings = settingsFromArgument(argument)
  const clock = new RunClock()
  const memoryLimit = new MemoryLimit()
  memoryLimit.bytes = settings.memoryLimitBytes
  await startWatchdog(entry, { clock, memoryLimit })
  const memoryBytes = anonymousMemoryReader()
  const host = new SessionHost(await loadNativeLibrary())
  const identity = dropPrivileges(settings.uid, settings.gid)
  // Half-open: what was asked before the parent ended its side is still answered.
  const socket = new Socket({ fd: FRAMES_FD, readable: true, writable: true, allowHalfOpen: true })
  const limits = { ...DEFAULT_FRAME_LIMITS, maxFrameBytes: settings.maxFrameBytes }
  const { maxResponseBytes } = settings
  const server = { socket, host, clock, memoryLimit, memoryBytes, limits, maxResponseBytes }
  await reply(server, { type: 'ready', id: 0, ...identity })
  await serveRequests(server)
}
