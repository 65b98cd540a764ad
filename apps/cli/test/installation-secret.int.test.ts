import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isPlatformError } from '@understudy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inputKey, installationSecret, keyCheckKey } from '../src/up/installation-secret.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'understudy-secret-'))
})
afterEach(() => rm(folder, { recursive: true }))

const refusal = (work: Promise<string>) =>
  work.then(
    () => 'not refused',
    (error: unknown) => (isPlatformError(error) ? `${error.code}: ${error.message}` : String(error)),
  )

describe('the secret of an installation', () => {
  it('is made once, for its owner only, also by many at the same time, and leaves nothing else behind', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => installationSecret(folder, undefined)))
    expect(new Set(many).size).toBe(1)
    expect(many[0]).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await readdir(folder)).toEqual(['secret.key'])
    expect((await stat(path.join(folder, 'secret.key'))).mode & 0o777).toBe(0o600)
    expect(await installationSecret(folder, undefined)).toBe(many[0])
  })

  it('is the one given, where one is given, and no file is made then', async () => {
    const given = 's'.repeat(40)
    expect(await installationSecret(folder, ` ${given}\n`)).toBe(given)
    expect(await readdir(folder)).toEqual([])
  })

  it('is not what nodes get', async () => {
    const secret = await installationSecret(folder, undefined)
    const derived = await keyCheckKey(folder, undefined)
    expect(derived).toMatch(/^[0-9a-f]{64}$/)
    expect(derived).not.toBe(Buffer.from(secret, 'base64url').toString('hex'))
    expect(await keyCheckKey(folder, secret)).toBe(derived)
    expect(await inputKey(folder, undefined)).toBe(await inputKey(folder, secret))
    expect([secret, derived]).not.toContain(await inputKey(folder, secret))
  })

  it('is refused in a file that others may read, and the file stays as it is', async () => {
    const secret = await installationSecret(folder, undefined)
    await chmod(path.join(folder, 'secret.key'), 0o644)
    const said = await refusal(installationSecret(folder, undefined))
    expect(said).toMatch(/^up\.secret_key_unusable: .*can be read by other accounts/)
    expect(said).not.toContain(secret)
    expect(await readFile(path.join(folder, 'secret.key'), 'utf8')).toBe(`${secret}\n`)
  })

  it('is refused when it is short or cut off, without saying it', async () => {
    await writeFile(path.join(folder, 'secret.key'), 'short', { mode: 0o600 })
    const said = await refusal(installationSecret(folder, undefined))
    expect(said).toMatch(/at least 32 characters, and has 5/)
    expect(said).not.toContain('short')
    expect(await refusal(installationSecret(folder, 'tiny'))).toContain('UNDERSTUDY_SECRET_KEY')
  })

  it('is refused where it cannot be kept', async () => {
    expect(await refusal(installationSecret(path.join(folder, 'missing'), undefined))).toMatch(
      /^up\.secret_key_unusable: .*cannot be written/,
    )
  })
})
