import { PlatformError } from '@understudy/core'

/** What generated code offers for one type of message. */
export interface MessageType<T> {
  encode(message: T): { finish(): Uint8Array }
  decode(bytes: Uint8Array): T
}

/**
 * Reads a message with generated code; its bytes fields are views of `bytes`.
 *
 * @throws PlatformError `request.malformed`
 */
export function decodeMessage<T>(type: Pick<MessageType<T>, 'decode'>, bytes: Uint8Array): T {
  try {
    return type.decode(bytes)
  } catch (cause) {
    throw new PlatformError('request.malformed', 'The message is not valid protocol buffers.', { cause })
  }
}

export function encodeMessage<T>(type: Pick<MessageType<T>, 'encode'>, message: T): Uint8Array {
  return type.encode(message).finish()
}
