import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
/** First byte of everything sealed: another form gets another number. */
const FORM = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/**
 * What inputs of clients are encrypted with: 32 bytes as hex, derived from the installation's secret by HKDF-SHA256. Whoever has it can read
 * stored inputs, and can neither check keys nor learn the secret.
 */
export function deriveInputKey(installationSecret: string): string {
  return Buffer.from(hkdfSync('sha256', installationSecret, '', 'understudy/inputs/v1', 32)).toString('hex')
}

/**
 * Encrypts by AES-256-GCM under a nonce of its own, so that the same bytes never look the same.
 *
 * @param key 32 bytes, hex
 * @param subject what the bytes belong to: they open for that alone, so that nothing sealed can be put in the place of another
 */
export function sealBytes(key: string, bytes: Uint8Array, subject: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, Buffer.from(key, 'hex'), nonce)
  cipher.setAAD(Buffer.from(subject))
  const body = [cipher.update(bytes), cipher.final()]
  return Buffer.concat([Buffer.from([FORM]), nonce, cipher.getAuthTag(), ...body])
}

/** The bytes that were sealed for this subject; undefined where the key is another, or anything was changed. */
export function unsealBytes(key: string, sealed: Uint8Array, subject: string): Buffer | undefined {
  if (sealed.byteLength < HEAD_BYTES || sealed[0] !== FORM) return undefined
  const decipher = createDecipheriv(CIPHER, Buffer.from(key, 'hex'), sealed.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(subject))
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()])
  } catch {
    return undefined
  }
}
