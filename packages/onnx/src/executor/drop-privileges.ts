/**
 * Becomes the given user and group for good when the process is root; as an ordinary user it stays what it is.
 * Throws when it could not: then nothing of a model may be read.
 */
export function dropPrivileges(uid: number, gid: number): { readonly uid: number; readonly gid: number } {
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(gid)
    process.setuid?.(uid)
    if (process.getuid() !== uid || process.geteuid?.() === 0) throw new Error('still root after setuid')
  }
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}
