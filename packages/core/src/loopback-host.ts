const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i

/** True for names and addresses, as in URLs and as to listen on, that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}
