import { PlatformError } from '@understudy/core'

/** What every request gets once the node is stopping. */
export function draining(): PlatformError {
  return new PlatformError('serving.draining', 'This node is stopping and takes no new requests.')
}
