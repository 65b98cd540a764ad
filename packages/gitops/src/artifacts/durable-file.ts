import { open } from 'node:fs/promises'

/** Makes a rename or unlink in a directory survive a power failure, where the file system can. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
