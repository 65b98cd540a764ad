import { randomBytes } from 'node:crypto'
import { link, open, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { deriveInputKey, deriveKeyCheckKey, deriveOverrideKey, PlatformError } from '@understudy/core'

const SECRET_BYTES = 32
const SECRET_CHARS_MIN = 32
const OTHERS = 0o077

/**
 * The one secret of an installation: the one given, else that of `secret.key` in the data folder, which is made where it is missing.
 *
 * The file is readable by its owner only and part of a backup. Two that make it at the same time get the same.
 * @throws PlatformError `up.secret_key_unusable`
 */
export async function installationSecret(dataDir: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return checked(given.trim(), 'UNDERSTUDY_SECRET_KEY')
  const file = path.join(dataDir, 'secret.key')
  await createOnce(file)
  const { mode } = await stat(file)
  if ((mode & OTHERS) !== 0) throw unusable(`${file} can be read by other accounts: \`chmod 600\` it`)
  return checked((await readFile(file, 'utf8')).trim(), file)
}

/** What nodes and console get of it: enough to check API keys, nothing that opens anything else. */
export async function keyCheckKey(dataDir: string, given: string | undefined): Promise<string> {
  return deriveKeyCheckKey(await installationSecret(dataDir, given))
}

/** What nodes encrypt inputs of clients with before they keep them: it opens those, and nothing else. */
export async function inputKey(dataDir: string, given: string | undefined): Promise<string> {
  return deriveInputKey(await installationSecret(dataDir, given))
}

/** What overrides of nodes are signed with, and what nodes check them with. */
export async function overrideKey(dataDir: string, given: string | undefined): Promise<string> {
  return deriveOverrideKey(await installationSecret(dataDir, given))
}

/** Whole or not at all: written beside, then linked to its name, which fails where there is one. */
async function createOnce(file: string): Promise<void> {
  if (await stat(file).catch(() => undefined)) return
  const draft = `${file}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, file)
    await syncFolder(path.dirname(file))
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) {
      throw unusable(`${file} cannot be written`, cause)
    }
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().catch(() => undefined)
  await handle.close()
}

function checked(secret: string, where: string): string {
  if (secret.length >= SECRET_CHARS_MIN) return secret
  throw unusable(`${where} must have at least ${SECRET_CHARS_MIN} characters, and has ${secret.length}`)
}

function unusable(why: string, cause?: unknown): PlatformError {
  return new PlatformError('up.secret_key_unusable', `The secret key cannot be used: ${why}.`, { cause })
}
