import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PlatformError } from '@understudy/core'
import { isSameProcess, type ProcessIdentity, processIdentity } from '@understudy/db/guard'

export interface DataFolderLock {
  /** The one before was killed: its processes may still be ending. */
  readonly takenOver: boolean
  readonly release: () => void
}

/**
 * Guarantees that one `up` at a time works on a data folder. A lock whose process is gone, even by SIGKILL or with the
 * machine, is taken over.
 *
 * @throws PlatformError `up.already_running`
 */
export function lockDataFolder(folder: string): DataFolderLock {
  const file = path.join(folder, 'up.lock')
  const own = `${file}.${process.pid}`
  writeFileSync(own, JSON.stringify(processIdentity(process.pid)), { mode: 0o600 })
  try {
    // The file appears with its content, or not at all.
    const takenOver = !link(own, file)
    if (takenOver) {
      removeAbandoned(file)
      if (!link(own, file)) throw alreadyRunning(folder, readIdentity(file))
    }
    return { takenOver, release: () => rmSync(file, { force: true }) }
  } finally {
    rmSync(own, { force: true })
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Takes the lock away by renaming, which one of several can do; puts it back if it was a new one, not the abandoned. */
function removeAbandoned(file: string): void {
  const holder = readIdentity(file)
  if (holder && isSameProcess(holder)) throw alreadyRunning(path.dirname(file), holder)
  const taken = `${file}.taken.${process.pid}`
  try {
    renameSync(file, taken)
  } catch {
    return
  }
  const found = readIdentity(taken)
  if (found && isSameProcess(found)) link(taken, file)
  rmSync(taken, { force: true })
}

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    const { pid, began }: Partial<ProcessIdentity> = JSON.parse(readFileSync(file, 'utf8'))
    return typeof pid === 'number' && typeof began === 'string' ? { pid, began } : undefined
  } catch {
    return undefined
  }
}

function alreadyRunning(folder: string, holder: ProcessIdentity | undefined): PlatformError {
  const who = holder ? ` (process ${holder.pid})` : ''
  return new PlatformError(
    'up.already_running',
    `Understudy already runs on the data folder ${folder}${who}.`,
  )
}
