import { Socket } from 'node:net'

/** As much as Node reads at a time. */
const READ_BYTES = 64 * 1024
const BLOCK_BYTES = 128 * 1024
/** Places begin where a number of any type may. */
const ALIGNMENT_BYTES = 8

/** Where every read of every such socket goes: it is copied before the next one begins. */
const landing = Buffer.allocUnsafeSlow(READ_BYTES)

let block = Buffer.alloc(0)
let usedBytes = 0

/** What a handle has for the option `onread` of a socket. */
interface LandingHandle {
  useUserBuffer(buffer: Uint8Array): void
}

/**
 * Has a socket read into blocks of memory that many reads share, where Node takes and gives back 64 KiB for each. Nothing else of it changes:
 * it still hands over what it read by `push`, in buffers that are theirs who get them. A read that is kept holds its block.
 *
 * Node has this for sockets that one makes oneself (`onread`), and no option for those that a server accepts. So it is set on the socket
 * as `onread` sets it; where that is not found as it is known, the socket stays as it was, and false is returned.
 */
export function readIntoBlocks(socket: Socket): boolean {
  const handle = handleOf(socket)
  const names = namesOf(socket)
  if (handle === undefined || names === undefined) return false
  const onRead = (sizeBytes: number) => socket.push(copyOf(sizeBytes))
  Object.assign(socket, { [names.buffer]: landing, [names.callback]: onRead })
  handle.useUserBuffer(landing)
  return true
}

function copyOf(sizeBytes: number): Buffer {
  if (usedBytes + sizeBytes > block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    usedBytes = 0
  }
  const copy = block.subarray(usedBytes, usedBytes + sizeBytes)
  landing.copy(copy, 0, 0, sizeBytes)
  usedBytes += Math.ceil(sizeBytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
  return copy
}

/** Only of a socket that is nothing more: TLS has a handle of its own. */
function handleOf(socket: Socket): LandingHandle | undefined {
  if (socket.constructor !== Socket || !('_handle' in socket)) return undefined
  const handle = socket._handle
  const isKnown = typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle
  return isKnown && typeof handle.useUserBuffer === 'function' ? (handle as LandingHandle) : undefined
}

function namesOf(socket: Socket): { readonly buffer: symbol; readonly callback: symbol } | undefined {
  const names = Object.getOwnPropertySymbols(socket)
  const buffer = names.find(({ description }) => description === 'kBuffer')
  const callback = names.find(({ description }) => description === 'kBufferCb')
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback }
}
