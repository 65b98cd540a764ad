import { PlatformError, versionName } from '@understudy/core'
import type { ServableId } from '../servable.ts'

export function cancelled(): PlatformError {
  return new PlatformError('serving.cancelled', 'The client went away before its answer.')
}

export function queueFull({ name, version }: ServableId, maxQueue: number): PlatformError {
  return new PlatformError(
    'serving.queue_full',
    `${versionName(name, version)} has ${maxQueue} requests waiting, its limit.`,
  )
}

export function deadlineExceeded({ name, version }: ServableId, timeoutMs: number): PlatformError {
  return new PlatformError(
    'serving.deadline_exceeded',
    `${versionName(name, version)} did not answer within ${timeoutMs} ms, queueing included.`,
  )
}
