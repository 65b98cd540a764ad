import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type ArtifactRef,
  apiKeyHmac,
  apiKeyText,
  defaultModelConfig,
  deriveKeyCheckKey,
  newApiKey,
  type ServingPlan,
} from '@understudy/core'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { linearModel, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testCertificate } from './test-certificate.ts'

const app = path.resolve(import.meta.dirname, '..')
const SIGNATURE = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
} as const
let folder: string
let planFile: string
let url: string
let node: ChildProcess | undefined
let log = ''
const files: ArtifactRef[] = []

beforeAll(async () => {
  // What a user builds.
  for (const cwd of [path.join(app, '../../packages/onnx'), app]) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd })
  }
  folder = await mkdtemp(path.join(tmpdir(), 'understudy-plan-node-'))
  // Executors of a root user drop to another one, who must be able to come here.
  await chmod(folder, 0o755)
  planFile = path.join(folder, 'plan.json')
  const store = new ArtifactStore(path.join(folder, 'data/artifacts'))
  for (const factor of [1, 10]) {
    const model = linearModel({ inputs: 2, outputs: 1, weights: [factor, factor] })
    const identity = await store.put(chunks(model), model.byteLength)
    files.push({ path: 'model.onnx', ...identity })
  }
})

afterAll(async () => {
  node?.kill('SIGTERM')
  if (node !== undefined && node.exitCode === null) await once(node, 'exit')
  await rm(folder, { recursive: true, force: true })
})

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Version `n` multiplies the sum of its row by 1 or 10. */
async function putPlan(live: number, generation: number, keys: ServingPlan['keys'] = []): Promise<void> {
  const versions = files.map((file, index) => ({
    ...{ number: index + 1, digest: file.sha256, commit: 'none', entryPoint: 'model.onnx', files: [file] },
    ...{ golden: [], signature: SIGNATURE, runtime: defaultModelConfig().runtime, batchable: true },
    ...{ measured: null, signatures: {}, classLabels: {}, traceparent: null },
  }))
  const compare = { y: { compare: { kind: 'equal' as const }, gate: true } }
  const mirror = {
    ...{ rolloutId: 'r', seriesId: 's', step: 'shadow', baseline: live, candidate: 3 - live, sample: 1 },
    ...{ candidateShare: 0, compare, latency: null, segmentHeader: null, keepAnswers: false, replay: false },
    ...{ storeInputs: false, traceparent: null },
  }
  const plan: ServingPlan = {
    readAtMs: 0,
    models: [
      {
        ...{ model: 'sum', generation, versions, labels: { live } },
        ...{ mirror, capture: null, keepAnswersShare: 0 },
      },
    ],
    keys,
  }
  await writeFile(`${planFile}.draft`, JSON.stringify(plan))
  await rename(`${planFile}.draft`, planFile)
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  node = spawn(process.execPath, [path.join(app, 'dist/main.mjs')], {
    env: {
      ...{ PATH: process.env.PATH, UNDERSTUDY_DATA_DIR: path.join(folder, 'data') },
      ...{ UNDERSTUDY_PLAN_FILE: planFile, UNDERSTUDY_REST_PORT: String(port), ...env },
      UNDERSTUDY_GRPC_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [node.stdout, node.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk
    })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function predict(): Promise<unknown> {
  const body = JSON.stringify({ instances: [[1, 2]] })
  const answer = await fetch(`${url}/v1/models/sum:predict`, { method: 'POST', body })
  return answer.json()
}

it('serves, mirrors and moves labels from a plan file alone, logs its evidence, and serves on without the file', async () => {
  await putPlan(1, 1)
  await start()
  const answer = await waitFor('an answer', async () => {
    const value = await predict()
    return JSON.stringify(value).includes('predictions') ? value : undefined
  }).catch((error) => {
    throw new Error(`${error}\n${log.slice(-2_000)}`)
  })
  expect(answer).toEqual({ predictions: [[3]] })
  await putPlan(2, 2)
  await waitFor('the other version', async () => JSON.stringify(await predict()).includes('30'))
  await waitFor('evidence of the mirrored version', async () => {
    await predict()
    return log.includes('"event":"evidence"')
  })
  await rm(planFile)
  expect(await predict()).toEqual({ predictions: [[30]] })
  const stopped = node
  stopped?.kill('SIGTERM')
  if (stopped !== undefined) expect(await once(stopped, 'exit')).toEqual([0, null])
  expect(log).not.toContain('the control plane is away')
})

it('takes API keys of its plan file over TLS, refuses those that left it, and logs no secret', async () => {
  const { certificate, privateKey } = await testCertificate('node')
  const tls = { cert: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') }
  await writeFile(tls.cert, certificate)
  await writeFile(tls.key, privateKey)
  const keyCheckKey = deriveKeyCheckKey('the secret of this test')
  const key = newApiKey(randomBytes)
  const hmac = apiKeyHmac(keyCheckKey, key.secret)
  const planned = { id: key.id, hmac, models: ['sum'], verbs: ['predict' as const], expiresAtMs: null }
  await putPlan(1, 3, [planned])
  log = ''
  await start({
    ...{ UNDERSTUDY_PREDICT_AUTH: 'required', UNDERSTUDY_KEY_CHECK_KEY: keyCheckKey, LOG_LEVEL: 'debug' },
    ...{ UNDERSTUDY_TLS_CERT_FILE: tls.cert, UNDERSTUDY_TLS_KEY_FILE: tls.key },
  })
  const status = (token?: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const target = `${url.replace('http:', 'https:')}/v1/models/sum:predict`
      const call = request(target, { method: 'POST', headers, ca: certificate, agent: false }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode))
      })
      call.on('error', reject).end(JSON.stringify({ instances: [[1, 2]] }))
    })
  const token = apiKeyText(key)
  const text = () => new Error(log.slice(-2_000))
  await waitFor('an answer to the key', async () => (await status(token)) === 200).catch((error) => {
    throw new Error(`${error}`, { cause: text() })
  })
  expect([await status(), await status(`${token}x`)]).toEqual([401, 401])
  await putPlan(1, 3, [])
  await waitFor('the key to be refused', async () => (await status(token)) === 401)
  const stopped = node
  stopped?.kill('SIGTERM')
  if (stopped !== undefined) expect(await once(stopped, 'exit')).toEqual([0, null])
  expect(log).toContain('"predictAuth":"required"')
  for (const secret of [key.secret, keyCheckKey, hmac]) expect(log).not.toContain(secret)
})

it('says in one sentence which variables make no sense', async () => {
  const run = (env: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [path.join(app, 'dist/main.mjs')], {
        env: { UNDERSTUDY_DATA_DIR: folder, ...env },
      })
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
      })
      child.once('close', () => resolve(said))
    })
  const sentence = 'set either DATABASE_URL or UNDERSTUDY_PLAN_FILE, and not both'
  expect(await run({})).toContain(sentence)
  expect(await run({ DATABASE_URL: 'postgres://x', UNDERSTUDY_PLAN_FILE: 'x' })).toContain(sentence)
  const open = { UNDERSTUDY_PLAN_FILE: planFile, UNDERSTUDY_REST_HOST: '0.0.0.0' }
  expect(await run({ ...open, UNDERSTUDY_PREDICT_AUTH: 'off' })).toContain(
    'predictions without API keys are for loopback only, and this node listens on 0.0.0.0',
  )
  expect(await run(open)).toContain('UNDERSTUDY_KEY_CHECK_KEY: predictions need API keys here')
  expect(await run({ UNDERSTUDY_PLAN_FILE: planFile, UNDERSTUDY_TLS_KEY_FILE: 'x' })).toContain(
    'UNDERSTUDY_TLS_CERT_FILE: belongs together with UNDERSTUDY_TLS_KEY_FILE',
  )
})
