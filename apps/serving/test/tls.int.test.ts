import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Server } from '@grpc/grpc-js'
import { isPlatformError, systemClock } from '@understudy/core'
import { createLogger } from '@understudy/telemetry'
import { waitFor } from '@understudy/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { grpcCredentials } from '../src/tls/grpc-credentials.ts'
import { TlsFiles } from '../src/tls/tls-files.ts'
import { startRest } from './rest-fixture.ts'
import { type TestCertificate, testCertificate } from './test-certificate.ts'

let old: TestCertificate
let renewed: TestCertificate
let folder: string
let log: string[]
const opened: { close(): unknown }[] = []

beforeAll(async () => {
  old = await testCertificate('old')
  renewed = await testCertificate('renewed')
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'understudy-tls-'))
  log = []
})
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
  await rm(folder, { recursive: true })
})

const certFile = () => path.join(folder, 'tls.crt')
const keyFile = () => path.join(folder, 'tls.key')

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.draft`, text)
  await rename(`${file}.draft`, file)
}

/** One after the other, as who knows no better does it. */
async function put({ certificate, privateKey }: TestCertificate, at = folder): Promise<void> {
  await replace(path.join(at, 'tls.crt'), certificate)
  await replace(path.join(at, 'tls.key'), privateKey)
}

async function open(): Promise<TlsFiles> {
  const logger = createLogger({ name: 'test', destination: { write: (line: string) => log.push(line) } })
  const files = await TlsFiles.open({
    ...{ certFile: certFile(), keyFile: keyFile(), clock: systemClock, logger, intervalMs: 20 },
  })
  files.start()
  opened.push(files)
  return files
}

async function startTls() {
  const files = await open()
  const fixture = await startRest({ tls: files })
  opened.push({ close: () => fixture[Symbol.asyncDispose]() })
  return { files, port: fixture.port, server: fixture.server }
}

async function connected(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

/** Whose certificate a new connection is shown. */
async function shown(port: number, options: ConnectionOptions = {}): Promise<string | undefined> {
  const socket = await connected(port, options)
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

const shows = (port: number, name: string, options?: ConnectionOptions) =>
  waitFor(`the ${name} one`, async () => (await shown(port, options)) === name)

/** Asks over a connection that is there. */
async function ready(socket: TLSSocket): Promise<string> {
  socket.write('GET /v2/health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const [bytes] = await once(socket, 'data')
  return String(bytes)
}

const warnings = () => log.filter((line) => line.includes('"level":"warn"'))

describe('REST over TLS', () => {
  it('answers a client that trusts the certificate, and predicts', async () => {
    await put(old)
    const { port } = await startTls()
    const body = await new Promise<string>((resolve, reject) => {
      const call = request(
        { host: 'localhost', port, method: 'POST', path: '/v1/models/half:predict', ca: old.certificate },
        (answer) => answer.on('data', (bytes: Buffer) => resolve(bytes.toString())),
      )
      call.on('error', reject).end('{"instances":[1,2]}')
    })
    expect(JSON.parse(body)).toEqual({ predictions: [2.5, 3] })
  })

  it('speaks TLS 1.2 and 1.3, nothing older, and no plain HTTP', async () => {
    await put(old)
    const { port } = await startTls()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await connected(port, { minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      socket.destroy()
    }
    // Weaker rules on our side, so that it is the server that refuses.
    const weak = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(connected(port, weak)).rejects.toThrow()
    await expect(fetch(`http://127.0.0.1:${port}/v2/health/live`)).rejects.toThrow()
  })

  it('takes a new pair for new connections, and answers on those that were there', async () => {
    await put(old)
    const { port } = await startTls()
    const kept = await connected(port)
    expect(await ready(kept)).toContain('200 OK')
    await put(renewed)
    await shows(port, 'renewed')
    expect(await ready(kept)).toContain('200 OK')
    expect(kept.getPeerCertificate().subject.CN).toBe('old')
    kept.destroy()
    expect(log.filter((line) => line.includes('a new certificate is in use'))).toHaveLength(1)
  })

  it('follows a link that turns, as Kubernetes replaces secrets', async () => {
    for (const [name, pair] of Object.entries({ first: old, second: renewed })) {
      await mkdir(path.join(folder, name))
      await put(pair, path.join(folder, name))
    }
    await symlink('first', path.join(folder, '..data'))
    await symlink('..data/tls.crt', certFile())
    await symlink('..data/tls.key', keyFile())
    const { port } = await startTls()
    expect(await shown(port)).toBe('old')
    await symlink('second', path.join(folder, '..data_tmp'))
    await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
    await shows(port, 'renewed')
    expect(warnings()).toEqual([])
  })

  it.each([
    ['no certificate', () => replace(certFile(), 'nonsense'), 'not valid PEM'],
    ['the key of another', () => replace(keyFile(), renewed.privateKey), 'belongs to another certificate'],
    ['nothing', () => unlink(certFile()), 'cannot be read (ENOENT)'],
    ['half a key', () => replace(keyFile(), renewed.privateKey.slice(0, 60)), 'not valid PEM'],
  ])(
    'goes on with the last good pair when there is %s, says so once, and recovers',
    async (_what, spoil, why) => {
      await put(old)
      const { files, port } = await startTls()
      await spoil()
      for (let looks = 0; looks < 3; looks++) await files.look()
      expect(await shown(port)).toBe('old')
      expect(warnings()).toEqual([expect.stringContaining(why)])
      await put(renewed)
      await shows(port, 'renewed')
      expect(log.join('')).not.toContain(renewed.privateKey.split('\n')[1])
    },
  )

  it('refuses to start with a pair that cannot be used', async () => {
    await put({ ...old, privateKey: renewed.privateKey })
    const refusal = await open().catch((error: unknown) => error)
    expect(isPlatformError(refusal) && [refusal.code, refusal.message]).toEqual([
      'serving.certificate_unusable',
      expect.stringContaining('belongs to another certificate'),
    ])
  })

  it('drains without waiting for clients that sent nothing, in or under TLS', async () => {
    await put(old)
    const { port, server } = await startTls()
    const silent = await connected(port)
    const mute = connectTcp({ host: '127.0.0.1', port })
    mute.on('error', () => undefined)
    await once(mute, 'connect')
    await shown(port)
    const deadlineMs = 600_000
    expect(await server.close({ deadlineMs })).toEqual({ cutRequests: 0 })
    silent.destroy()
    mute.destroy()
  })

  it('cuts off at the deadline who began a handshake and never ended it', async () => {
    await put(old)
    const { port, server } = await startTls()
    const half = connectTcp({ host: '127.0.0.1', port })
    half.on('error', () => undefined)
    await once(half, 'connect')
    half.write(Buffer.from('160301', 'hex'))
    await shown(port)
    await server.close({ deadlineMs: 50 })
    if (!half.closed) await once(half, 'close')
  })
})

describe('gRPC over TLS', () => {
  it('shows the certificate of the files, follows them, and keeps its connections', async () => {
    await put(old)
    const server = new Server()
    const credentials = grpcCredentials(await open())
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    opened.push({ close: () => server.forceShutdown() })
    const h2 = { ALPNProtocols: ['h2'] }
    const kept = await connected(port, h2)
    expect([kept.alpnProtocol, kept.getPeerCertificate().subject.CN]).toEqual(['h2', 'old'])
    await replace(keyFile(), renewed.privateKey)
    await waitFor('the refusal', () => warnings().length > 0)
    expect(await shown(port, h2)).toBe('old')
    await put(renewed)
    await shows(port, 'renewed', h2)
    expect(kept.destroyed).toBe(false)
    kept.destroy()
  })

  it('is plain without files', () => {
    expect(grpcCredentials(undefined)._isSecure()).toBe(false)
  })
})
