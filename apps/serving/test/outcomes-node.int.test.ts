import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { createTRPCClient, httpLink } from '@trpc/client'
import type { PredictRouter } from '@understudy/api/predict'
import { apiKeyHmac, apiKeyText, defaultModelConfig, deriveKeyCheckKey, newApiKey } from '@understudy/core'
import { createKey, type Database, ensureRepository, openDatabase, revokeKey } from '@understudy/db'
import { Cable, NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { createTestDatabase } from '@understudy/testing/database'
import { afterAll, beforeAll, expect, it } from 'vitest'

const CHECK_KEY = deriveKeyCheckKey('the secret of this test')
const key = newApiKey(randomBytes)
const authorization = `Bearer ${apiKeyText(key)}`
let rig: NodeRig
let node: RigNode
let database: Database
let cable: Cable

beforeAll(async () => {
  const { connectionString } = await createTestDatabase()
  database = openDatabase({ databaseUrl: connectionString, applicationName: 'test' })
  const { id: repositoryId } = await ensureRepository(database.prisma, 'file:///srv/models.git', 'main')
  const config = JSON.parse(JSON.stringify(defaultModelConfig()))
  await database.prisma.model.create({ data: { name: 'iris', repositoryId, config } })
  await createKey(database, {
    ...{ id: key.id, name: 'labels', hmac: apiKeyHmac(CHECK_KEY, key.secret), models: ['iris'] },
    ...{ verbs: ['report'], expiresInMs: null, actor: 'local:ada' },
  })
  const url = new URL(connectionString)
  cable = new Cable({ host: url.hostname, port: Number(url.port) })
  url.port = String(await cable.open())
  rig = await NodeRig.create(path.resolve(import.meta.dirname, '../../..'))
  node = await rig.start({
    env: {
      UNDERSTUDY_PLAN_FILE: '',
      DATABASE_URL: url.href,
      UNDERSTUDY_PREDICT_AUTH: 'required',
      UNDERSTUDY_KEY_CHECK_KEY: CHECK_KEY,
    },
  })
})
afterAll(async () => {
  await rig?.close()
  cable?.close()
  await database?.close()
})

async function report(requestId: string, to = node) {
  const answer = await fetch(`${to.url}/v1/outcomes`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ model: 'iris', requestId, label: 'setosa' }),
  })
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() }
}

it('is a part of a node as it is built: with its keys, and without its record for a while', async () => {
  const first = await waitFor('the node to know the key', async () => {
    const answer = await report('r-1')
    return answer.status === 200 ? answer : undefined
  })
  expect(first.body).toEqual({ status: 'recorded' })
  const client = createTRPCClient<PredictRouter>({
    links: [httpLink({ url: `${node.url}/trpc`, headers: { authorization } })],
  })
  const said = { model: 'iris', requestId: 'r-1', label: 'virginica' }
  expect(await client.outcomes.report.mutate(said)).toEqual({ status: 'contradiction' })

  cable.cut()
  expect(await report('r-2')).toMatchObject({ status: 503, retryAfter: '2' })
  expect((await fetch(`${node.url}/v2/health/live`)).status).toBe(200)
  cable.isCut = false
  await waitFor('the record to answer', async () => (await report('r-2')).status === 200)
  const rows = await database.prisma.outcome.findMany({ orderBy: { requestId: 'asc' } })
  expect(rows).toMatchObject([
    { requestId: 'r-1', label: 'setosa', reportedBy: key.id },
    { requestId: 'r-2', label: 'setosa', reportedBy: key.id },
  ])

  await revokeKey(database, { id: key.id, actor: 'local:ada' })
  await waitFor('the node to refuse the key', async () => (await report('r-3')).status === 401)
  expect(await node.stop()).toBe(0)
})

it('is not there on a node that has a plan file', async () => {
  const alone = await rig.start({ name: 'alone' })
  expect(await report('r-1', alone)).toMatchObject({ status: 501 })
  expect(await alone.stop()).toBe(0)
})
