import { PlatformError } from '@understudy/core'

export function cancelled(): PlatformError {
  return new PlatformError('serving.cancelled', 'The load was given up.')
}
