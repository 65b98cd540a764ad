import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import {
  deriveOverrideKey,
  OVERRIDES_PATH,
  type OverrideDocument,
  parseOverrideStatus,
  SERVED_BY_HEADERS,
  type Signature,
  signOverride,
} from '@understudy/core'
import { mergeOverride, rollback } from '@understudy/db'
import { World } from '@understudy/db/testing'
import { linearModel, waitFor } from '@understudy/testing'
import { NodeRig } from '@understudy/testing/node-rig'
import { afterAll, beforeAll, expect, it } from 'vitest'

const PROJECT = path.resolve(import.meta.dirname, '../../..')
const KEY = deriveOverrideKey('the secret of this installation')
const MODELS = ['stays', 'moves'] as const
type Model = (typeof MODELS)[number]
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}

/** The way to the database, which can be cut. */
class Line {
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #isCut = false

  constructor(databaseUrl: string) {
    this.#target = new URL(databaseUrl)
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.destroy()
        return
      }
      const far = connect(Number(this.#target.port), this.#target.hostname)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
      }
      near.pipe(far).pipe(near)
    })
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String(typeof address === 'object' && address !== null ? address.port : 0)
    return url.href
  }

  cut(isCut: boolean): void {
    this.#isCut = isCut
    if (isCut) for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut(true)
    this.#server.close()
  }
}

let world: World
let rig: NodeRig
let line: Line
let lineUrl: string
let node: Awaited<ReturnType<NodeRig['start']>>

beforeAll(async () => {
  ;[world, rig] = await Promise.all([World.open(), NodeRig.create(PROJECT)])
  line = new Line(world.databaseUrl)
  lineUrl = await line.open()
  await start()
}, 120_000)
afterAll(async () => {
  await rig?.close()
  line?.close()
  await world?.close()
})

async function start(): Promise<void> {
  node = await rig.start({
    name: 'node-1',
    env: { UNDERSTUDY_PLAN_FILE: '', DATABASE_URL: lineUrl, UNDERSTUDY_OVERRIDE_KEY: KEY },
  })
}

/** Pushes a version that multiplies by its number, and lets it go live. */
async function live(model: Model, number: number): Promise<void> {
  const files = linearModel({ inputs: 1, outputs: 1, weights: [number] })
  const { files: refs } = await rig.version({ number, files, signature: SIGNATURE })
  await world.push(model, number, { config: 'rollout: {strategy: immediate, bake: 0s}' })
  await world.database.prisma
    .$executeRaw`UPDATE version_file SET sha256 = ${refs[0]?.sha256}, size_bytes = ${refs[0]?.sizeBytes}
    WHERE model = ${model} AND number = ${number} AND path = 'model.onnx'`
  await world.validate(model, number, {
    ...{
      ok: true,
      signature: SIGNATURE,
      batchable: true,
      loadMs: 1,
      memoryBytes: 110_000_000,
      comparisons: {},
    },
  })
  await waitFor(`${model} v${number} to answer`, async () => {
    await world.reconcile(model)
    return (await answer(model)).value === number
  }).catch((error) => {
    throw new Error(`${error}\n${node.output.slice(-3_000)}`)
  })
}

async function answer(model: Model) {
  const body = JSON.stringify({ instances: [[1]] })
  const response = await fetch(`${node.url}/v1/models/${model}:predict`, { method: 'POST', body })
  const { predictions } = (await response.json()) as { readonly predictions?: readonly number[][] }
  const { override, planAge } = SERVED_BY_HEADERS
  return {
    value: predictions?.[0]?.[0],
    override: response.headers.get(override),
    isAlone: response.headers.has(planAge),
  }
}

/** v1 shall answer instead of v2, at the generation at which v2 went live. */
async function override(model: Model): Promise<OverrideDocument> {
  const document: OverrideDocument = {
    ...{ id: randomUUID(), model, generation: 2, from: 2, to: 1 },
    ...{ reason: 'it flips classes', actor: 'local:ada', issuedAtMs: Date.now() },
  }
  const response = await fetch(`${node.url}${OVERRIDES_PATH}${model}`, {
    method: 'POST',
    body: JSON.stringify(signOverride(KEY, document)),
  })
  expect(parseOverrideStatus(await response.json())).toMatchObject({ live: 1, override: { id: document.id } })
  return document
}

const reported = () => world.database.prisma.override.count()
const merge = () => world.database.transaction(mergeOverride)

it('a node that is cut off obeys at once and over a restart; when it is back the plan follows where it stayed, and wins where it moved', async () => {
  for (const model of MODELS) {
    await live(model, 1)
    await live(model, 2)
  }
  line.cut(true)
  const stays = await override('stays')
  const moves = await override('moves')
  expect(await answer('stays')).toMatchObject({ value: 1, override: stays.id })
  expect(await answer('moves')).toMatchObject({ value: 1, override: moves.id })

  node.signal('SIGKILL')
  await node.exit
  await start()
  await waitFor('the node to answer alone', async () => (await answer('stays')).value !== undefined)
  expect(await answer('stays')).toEqual({ value: 1, override: stays.id, isAlone: true })
  expect(await reported()).toBe(0)

  // Meanwhile somebody took the same version off everywhere, but for this node.
  await rollback(world.database, { model: 'moves', from: 2, reason: 'it flips classes', actor: 'local:bob' })
  line.cut(false)
  await waitFor('both reports', async () => (await reported()) === 2)
  const merged = [await merge(), await merge()].map((one) => [one?.model, one?.outcome])
  expect(merged.sort()).toEqual([
    ['moves', 'planWon'],
    ['stays', 'rolledBack'],
  ])
  for (const model of MODELS) {
    await node.untilGeneration(model, 3)
    expect(await answer(model)).toMatchObject({ value: 1, override: null })
    expect(await world.record(model)).toMatchObject({ live: 1, generation: 3 })
  }
  expect((await world.record('stays')).hold).toMatchObject({ actor: 'local:ada' })
  expect((await world.record('moves')).hold).toMatchObject({ actor: 'local:bob' })
  expect(await merge()).toBeUndefined()
  expect(node.output).not.toContain(KEY)
})
