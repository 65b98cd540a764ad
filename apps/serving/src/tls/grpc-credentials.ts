import { experimental, ServerCredentials } from '@grpc/grpc-js'
import type { TlsFiles } from './tls-files.ts'
import type { TlsPair } from './tls-pair.ts'

type IdentityListener = (update: TlsPair | null) => void

/**
 * Credentials of a gRPC server: those of the files, for new connections also after they changed; without files plain HTTP/2.
 *
 * The library's own file watcher hands over pairs that do not belong together, and then turns every connection away.
 */
export function grpcCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const ends = new Map<IdentityListener, () => void>()
  const provider: experimental.CertificateProvider = {
    addIdentityCertificateListener: (listener: IdentityListener) => {
      ends.set(listener, tls.onChange(listener))
      // Not at once: who asks is not ready for it before this returns.
      queueMicrotask(() => {
        if (ends.has(listener)) listener(tls.pair)
      })
    },
    removeIdentityCertificateListener: (listener: IdentityListener) => {
      ends.get(listener)?.()
      ends.delete(listener)
    },
    addCaCertificateListener: () => undefined,
    removeCaCertificateListener: () => undefined,
  }
  // Its first parameter is called that of the CA, and is that of the identity.
  return experimental.createCertificateProviderServerCredentials(provider, null, false)
}
