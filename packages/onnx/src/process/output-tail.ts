import type { Readable } from 'node:stream'

const MAX_TAIL_BYTES = 8 * 1024

/** Keeps the last bytes of a stream, however much comes; gives them as text. */
export function keepTail(stream: Readable | null): () => string {
  let tail = Buffer.alloc(0)
  stream?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk.subarray(-MAX_TAIL_BYTES)]).subarray(-MAX_TAIL_BYTES)
  })
  stream?.on('error', () => {})
  return () => tail.toString('utf8')
}
