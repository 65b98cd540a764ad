import { statfsSync } from 'node:fs'
import { PlatformError } from '@understudy/core'

const MIB = 1024 * 1024

/**
 * Fails before anything is written when a folder's file system has not got that many bytes.
 *
 * @throws PlatformError `serving.disk_full`
 */
export function assertRoom(folder: string, neededBytes: number): void {
  if (neededBytes > availableBytes(folder)) throw diskFull(folder, neededBytes)
}

/** Whether the system says that a disk or a quota is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

export function diskFull(folder: string, neededBytes: number, cause?: unknown): PlatformError {
  const available = availableBytes(folder)
  return new PlatformError(
    'serving.disk_full',
    `The disk is full: ${folder} needs ${mib(neededBytes)}, has ${mib(available)}. Free some space; the load is tried again by itself.`,
    { details: { neededBytes, availableBytes: available }, cause },
  )
}

/** Bytes that may still be written by someone without privileges. */
function availableBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function mib(sizeBytes: number): string {
  return `${(sizeBytes / MIB).toFixed(1)} MiB`
}
