import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { type ControlService, controlRouter, createControlService } from '@understudy/api/control'
import { apiKeyHmac, parseApiKey } from '@understudy/core'
import { openDatabase } from '@understudy/db'
import { createTestDatabase } from '@understudy/testing/database'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCommand } from '../src/commands/key.ts'
import { keyCheckKey } from '../src/up/installation-secret.ts'

let folder: string
let databaseUrl: string
let service: ControlService & { close(): Promise<void> }
let controlPlane: Server
let checkKey: string
/** What reached the control plane. */
const asked: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'understudy-key-command-'))
  databaseUrl = (await createTestDatabase()).connectionString
  checkKey = await keyCheckKey(folder, undefined)
  service = createControlService({
    ...{ databaseUrl, dataDir: folder, environment: 'production', actor: 'local:ada', servingUrl: '' },
    ...{ repositoryUrl: '', repositoryBranch: 'main', keyCheckKey: checkKey },
  })
  controlPlane = createHTTPServer({
    router: controlRouter,
    basePath: '/api/trpc/',
    createContext: ({ req }) => {
      req.on('data', (bytes: Buffer) => asked.push(String(bytes)))
      asked.push(req.url ?? '')
      return { service, actor: 'local:ada', onFault: () => undefined }
    },
  })
  controlPlane.listen(0, '127.0.0.1')
  await once(controlPlane, 'listening')
})
afterAll(async () => {
  controlPlane.close()
  await service.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  const address = controlPlane.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  vi.stubEnv('UNDERSTUDY_CONSOLE_PORT', String(port))
  vi.stubEnv('UNDERSTUDY_DATA_DIR', folder)
})
afterEach(() => vi.unstubAllEnvs())

async function key(...args: readonly string[]): Promise<string> {
  let written = ''
  const command = createCommand({
    root: folder,
    write: (text) => {
      written += text
    },
  })
  await command.parseAsync([...args], { from: 'user' })
  return written
}

describe('understudy key', () => {
  it('shows a new key once, lists it without its secret, and revokes it; twice is once', async () => {
    const created = await key('create', '--name', 'ci', '--model', 'iris', '--expires', '90d')
    const parts = parseApiKey(/us_\S+/.exec(created)?.[0] ?? '')
    if (parts === undefined) throw new Error(created)
    expect(created).toMatch(/for iris; expires at 20\d\d-/)
    expect(created).toContain('There is no model iris yet')
    const listed = await key('list')
    expect(listed).toMatch(new RegExp(`${parts.id} +ci +iris +predict +valid`))
    expect(listed).not.toContain(parts.secret)
    expect(await key('revoke', parts.id)).toBe(`API key ${parts.id} "ci" is revoked.\n`)
    expect(await key('revoke', parts.id)).toBe(`API key ${parts.id} "ci" was revoked already.\n`)
    expect(await key('list')).toContain('revoked')
  })

  it('makes keys that nodes of this installation can check', async () => {
    const { key: made, token } = JSON.parse(await key('create', '--name', 'ci', '--json'))
    expect(made).toMatchObject({ models: null, verbs: ['predict'], expiresAt: null, state: 'valid' })
    expect(await key('check-key')).toBe(`${checkKey}\n`)
    expect(await key('input-key')).toMatch(/^[0-9a-f]{64}\n$/)
    expect(await key('input-key')).not.toBe(`${checkKey}\n`)
    const database = openDatabase({ databaseUrl, applicationName: 'test' })
    const row = await database.prisma.apiKey.findUniqueOrThrow({ where: { id: made.id } })
    await database.close()
    expect(row.hmac).toBe(apiKeyHmac(checkKey, parseApiKey(token)?.secret ?? ''))
  })

  it('makes keys that report outcomes, each verb once', async () => {
    const made = async (...verbs: readonly string[]) => {
      const args = verbs.flatMap((verb) => ['--verb', verb])
      return JSON.parse(await key('create', '--name', 'labels', '--json', ...args)).key.verbs
    }
    expect(await made('report')).toEqual(['report'])
    expect(await made('predict', 'report', 'report')).toEqual(['predict', 'report'])
  })

  it('revokes a key that was pasted whole, and sends no secret', async () => {
    const { key: made, token } = JSON.parse(await key('create', '--name', 'leaked', '--json'))
    asked.length = 0
    expect(await key('revoke', token)).toContain(`API key ${made.id} "leaked" is revoked.`)
    expect(asked.join(' ')).not.toContain(parseApiKey(token)?.secret)
  })

  it('says in one sentence what is wrong with an id', async () => {
    await expect(key('revoke', 'ci')).rejects.toThrow('The id of a key has 16 digits')
    await expect(key('revoke', '0'.repeat(16))).rejects.toThrow('There is no API key with this id')
  })
})
