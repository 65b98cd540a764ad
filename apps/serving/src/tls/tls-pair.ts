import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** A certificate (its chain behind it) and its private key, both PEM. */
export interface TlsPair {
  readonly certificate: Buffer
  readonly privateKey: Buffer
}

/** What a TLS server takes of a pair. Nothing older than TLS 1.2 is spoken. */
export function secureContextOptions({ certificate, privateKey }: TlsPair): SecureContextOptions {
  return { cert: certificate, key: privateKey, minVersion: 'TLSv1.2' }
}

export function isSamePair(one: TlsPair, other: TlsPair): boolean {
  return one.certificate.equals(other.certificate) && one.privateKey.equals(other.privateKey)
}

/**
 * Why no server can use a pair; undefined when one can. The text holds nothing of the key. One whose time has passed is no broken pair: it
 * is for clients to judge.
 */
export function pairProblem(pair: TlsPair): string | undefined {
  try {
    createSecureContext(secureContextOptions(pair))
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'the private key belongs to another certificate'
      : `certificate or private key is not valid PEM, or needs a passphrase (${code})`
  }
}

/** What a person recognises a certificate by. */
export function describeCertificate({ certificate }: TlsPair): Readonly<Record<string, string>> {
  const { subject, validTo, fingerprint256 } = new X509Certificate(certificate)
  return { subject, validTo, fingerprint256 }
}
