import { Socket } from 'node:net'

/** What Node's socket reads by. Not documented, and as old as sockets that are passed. */
interface Reading {
  readStop(): void
}

/**
 * Stops the reading from a socket that has just been made, so that all its bytes are left for whoever it is passed to. Call it in the step
 * of the event loop in which the socket was made: nothing has been read before.
 *
 * Node stops no reading of a socket that it passes on: what comes until the receiver has it would be read here and thrown away.
 * Undefined for what is no socket, or one that cannot be stopped.
 */
export function unread(stream: unknown): Socket | undefined {
  const handle: unknown = stream instanceof Socket && '_handle' in stream ? stream._handle : undefined
  if (!(stream instanceof Socket) || !isReading(handle)) return undefined
  handle.readStop()
  return stream
}

function isReading(handle: unknown): handle is Reading {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'readStop' in handle &&
    typeof handle.readStop === 'function'
  )
}
