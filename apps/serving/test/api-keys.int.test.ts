import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ControlService, createControlService } from '@understudy/api/control'
import { deriveKeyCheckKey, systemClock } from '@understudy/core'
import { openDatabase } from '@understudy/db'
import { ChangeListener, NodeStore } from '@understudy/db/node'
import { FilePlanStore, noopObserver, ServingNodeCore, type ServingNodeSettings } from '@understudy/serving'
import { Cable, waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { KeyRing } from '../src/auth/key-ring.ts'
import { createRestServer, type RestServer } from '../src/http/rest-server.ts'
import { MirroredSeries } from '../src/node/mirrored-series.ts'
import { DatabasePlanReader } from '../src/node/plan-reader.ts'

const CHECK_KEY = deriveKeyCheckKey('the secret of this test')
const MAX_STALENESS_MS = 3_600_000

/** A node as `main.ts` wires it, without models. */
class KeyedNode {
  url = ''
  /** As if the control plane had been away for so much longer. */
  awayForMs = 0
  readonly core: ServingNodeCore
  readonly #store: NodeStore
  readonly #listener: ChangeListener
  readonly #server: RestServer

  constructor(databaseUrl: string, planFile: string, settings: Partial<ServingNodeSettings>) {
    const incarnation = randomUUID()
    this.#store = new NodeStore({ databaseUrl, incarnation, name: 'keyed', restUrl: 'http://127.0.0.1:1' })
    this.#listener = new ChangeListener({ databaseUrl, clock: systemClock, reconnectMs: 50 })
    const ring = new KeyRing({
      keyCheckKey: CHECK_KEY,
      clock: systemClock,
      planAgeMs: () => {
        const ageMs = this.core.predictor.planAgeMs()
        return ageMs === undefined ? undefined : ageMs + this.awayForMs
      },
      maxStalenessMs: MAX_STALENESS_MS,
    })
    this.core = new ServingNodeCore(
      {
        reader: new DatabasePlanReader(this.#store, this.#listener, new MirroredSeries(() => undefined)),
        store: new FilePlanStore(planFile),
        adapter: {
          adapt: () => {
            throw new Error('there is nothing to load')
          },
        },
        mirrorSink: {
          admit: () => {
            throw new Error('there is nothing to mirror')
          },
          passed: () => undefined,
        },
        clock: systemClock,
        observer: noopObserver,
        onKeys: (keys) => ring.replace(keys),
        random: Math.random,
      },
      // Polls so seldom that only what the control plane tells can be in time.
      { memoryLimitBytes: 1, pollIntervalMs: 60_000, currentForMs: 60_000, ...settings },
    )
    this.#server = createRestServer({
      predictor: this.core.predictor,
      health: { live: () => true, ready: () => this.core.isReady() },
      access: ring,
    })
  }

  async start(): Promise<this> {
    this.#listener.start()
    this.core.start()
    const { port } = await this.#server.listen()
    this.url = `http://127.0.0.1:${port}`
    return this
  }

  async close(): Promise<void> {
    await this.#server.close({ deadlineMs: 0 })
    await this.core.close({ drainTimeoutMs: 0 })
    await this.#listener.close()
    await this.#store.close()
  }
}

let control: ControlService & { close(): Promise<void> }
let databaseUrl: string
let folder: string
const opened: { close(): unknown }[] = []

beforeAll(async () => {
  databaseUrl = (await createTestDatabase()).connectionString
  folder = await mkdtemp(path.join(tmpdir(), 'understudy-keys-'))
  control = createControlService({
    ...{ databaseUrl, dataDir: folder, environment: 'production', actor: 'local:ada', servingUrl: '' },
    ...{ repositoryUrl: '', repositoryBranch: 'main', keyCheckKey: CHECK_KEY },
  })
})
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})
afterAll(async () => {
  await control.close()
  await rm(folder, { recursive: true, force: true })
})

interface NodeOptions {
  readonly cable?: Cable
  readonly plan?: string
  readonly settings?: Partial<ServingNodeSettings>
}

async function node({ cable, plan, settings = {} }: NodeOptions = {}): Promise<KeyedNode> {
  const url = new URL(databaseUrl)
  if (cable !== undefined) url.port = String(await cable.open())
  const planFile = path.join(folder, plan ?? `${randomUUID()}.json`)
  const started = await new KeyedNode(url.href, planFile, settings).start()
  opened.push(started)
  return started
}

function cable(): Cable {
  const url = new URL(databaseUrl)
  const made = new Cable({ host: url.hostname, port: Number(url.port) })
  opened.push(made)
  return made
}

async function create(models: readonly string[] | null = null): Promise<{ id: string; token: string }> {
  const { key, token } = await control.keys.create({
    ...{ name: 'test', models, verbs: ['predict'], expiresInMs: null, actor: 'local:ada' },
  })
  return { id: key.id, token }
}

/** Nothing is loaded: whoever is let in hears that there is no such model. */
async function status(on: KeyedNode, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${on.url}/v1/models/iris`, { headers })).status
}

const is = (on: KeyedNode, token: string, wanted: number) =>
  waitFor(`status ${wanted}`, async () => (await status(on, token)) === wanted)

it('accepts a key as soon as the control plane tells of it, and refuses it as soon as it is revoked', async () => {
  const first = await node()
  const second = await node()
  const { id, token } = await create()
  await Promise.all([is(first, token, 404), is(second, token, 404)])
  expect(await control.keys.list()).toMatchObject([{ id, state: 'valid', createdBy: 'local:ada' }])
  await control.keys.revoke({ id, actor: 'local:ada' })
  await Promise.all([is(first, token, 401), is(second, token, 401)])
  expect(await control.keys.list()).toMatchObject([{ id, state: 'revoked', revokedBy: 'local:ada' }])
})

it('goes on with its keys without a control plane, until that was away for too long; then says why', async () => {
  const link = cable()
  const cutOff = await node({ cable: link, settings: { pollIntervalMs: 50, currentForMs: 1_000 } })
  const { token } = await create()
  await is(cutOff, token, 404)
  link.cut()
  await waitFor('the plan to age', () => cutOff.core.predictor.planAgeMs())
  expect(await status(cutOff, token)).toBe(404)
  cutOff.awayForMs = MAX_STALENESS_MS
  const refused = await fetch(`${cutOff.url}/v1/models/iris`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  expect(await refused.text()).toContain('has not reached its control plane')
  const live = await fetch(`${cutOff.url}/v2/health/live`)
  expect(live.status).toBe(200)
  link.isCut = false
  await is(cutOff, token, 404)
})

it('starts from its kept plan with the keys in it, and learns on its return what was revoked meanwhile', async () => {
  const { id, token } = await create()
  const before = await node({ plan: 'kept.json' })
  await is(before, token, 404)
  await waitFor('the plan to be kept', async () => {
    await before.core.refresh()
    return (await new FilePlanStore(path.join(folder, 'kept.json')).load())?.keys.some((key) => key.id === id)
  })
  await before.close()
  opened.pop()
  await control.keys.revoke({ id, actor: 'local:ada' })
  const link = cable()
  link.isCut = true
  const after = await node({ cable: link, plan: 'kept.json' })
  await is(after, token, 404)
  link.isCut = false
  await is(after, token, 401)
})

it('stores no secret anywhere', async () => {
  const { token } = await create(['iris'])
  const secret = token.split('_').slice(2).join('_')
  const database = openDatabase({ databaseUrl, applicationName: 'test' })
  opened.push(database)
  const rows = await database.prisma.$queryRaw<{ row: string }[]>`
    SELECT k::text AS row FROM api_key k UNION ALL SELECT a::text FROM audit a`
  expect(rows.length).toBeGreaterThan(1)
  expect(JSON.stringify(rows)).not.toContain(secret)
})

it('cannot make keys where it has nothing to check them with, and says what is missing', async () => {
  const keyless = createControlService({
    ...{ databaseUrl, dataDir: folder, environment: 'production', actor: 'local:ada', servingUrl: '' },
    ...{ repositoryUrl: '', repositoryBranch: 'main' },
  })
  opened.push(keyless)
  const act = { name: 'x', models: null, verbs: ['predict' as const], expiresInMs: null, actor: 'local:ada' }
  await expect(keyless.keys.create(act)).rejects.toMatchObject({ code: 'control.keys_unavailable' })
  expect((await keyless.keys.list()).length).toBeGreaterThan(0)
})
