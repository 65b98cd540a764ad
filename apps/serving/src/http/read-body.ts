import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { PlatformError } from '@understudy/core'
import type { ByteLease } from './byte-budget.ts'

const gunzipAsync = promisify(gunzip)
const NOTHING = new Uint8Array(0)

export interface BodyLimits {
  readonly maxBodyBytes: number
  readonly lease: ByteLease
}

function tooLarge(maxBodyBytes: number): PlatformError {
  return new PlatformError('request.too_large', `The body is larger than ${maxBodyBytes} bytes.`)
}

/** Collects the bytes as they come. Stops keeping them at the limit, whatever the length header says. */
function collect(req: IncomingMessage, { maxBodyBytes, lease }: BodyLimits): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const settle = (act: () => void) => {
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      act()
    }
    const refuse = (error: unknown) =>
      settle(() => {
        // The rest is read and dropped, so that a client that is still sending gets the answer.
        req.on('error', () => undefined).resume()
        reject(error)
      })
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes > maxBodyBytes) return refuse(tooLarge(maxBodyBytes))
      try {
        lease.take(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        refuse(error)
      }
    }
    const onEnd = () => settle(() => resolve(join(chunks)))
    const onClose = () =>
      refuse(new PlatformError('serving.cancelled', 'The client went away before the body was complete.'))
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}

/** One chunk is the normal case, and is not copied. */
function join(chunks: readonly Buffer[]): Uint8Array {
  const [first] = chunks
  if (first === undefined) return NOTHING
  return chunks.length === 1 ? first : Buffer.concat(chunks)
}

async function unzip(bytes: Uint8Array, { maxBodyBytes, lease }: BodyLimits): Promise<Uint8Array> {
  try {
    const plain = await gunzipAsync(bytes, { maxOutputLength: maxBodyBytes })
    lease.take(plain.length)
    return plain
  } catch (error) {
    if (error instanceof PlatformError) throw error
    const isBomb = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    if (isBomb) throw tooLarge(maxBodyBytes)
    throw new PlatformError('request.malformed', 'The body is not valid gzip.', { cause: error })
  }
}

/**
 * Reads a whole body, unzipped where its encoding says gzip, within the limits.
 *
 * @throws PlatformError `request.too_large`, `request.malformed`, `request.unsupported`, `serving.cancelled`, `serving.queue_full`
 */
export async function readBody(req: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const declaredBytes = Number(req.headers['content-length'] ?? 0)
  if (declaredBytes > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes)
  const encoding = req.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new PlatformError(
      'request.unsupported',
      'Content-Encoding must be gzip or identity; nothing else is read.',
    )
  }
  const bytes = await collect(req, limits)
  return encoding === 'gzip' ? unzip(bytes, limits) : bytes
}
