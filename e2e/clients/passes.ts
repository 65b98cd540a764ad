import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import path from 'node:path'
import {
  apiKeyHmac,
  apiKeyText,
  deriveKeyCheckKey,
  type ModelPlan,
  newApiKey,
  type PlannedKey,
} from '@understudy/core'
import { type NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { testCertificate } from '../../apps/serving/test/test-certificate.ts'

/** Where the node of a pass is, and what its callers must bring. */
export interface Target {
  readonly host: string
  readonly restPort: number
  readonly grpcPort: number
  /** An API key; null where none is asked for. */
  readonly key: string | null
  /** Certificates to trust; null without TLS. */
  readonly caFile: string | null
  readonly models: readonly string[]
}

/** One way to protect a node: every client must work with each of them. */
export interface Pass {
  readonly name: string
  readonly keys: boolean
  readonly tls: boolean
}

export const PASSES: readonly Pass[] = [
  { name: 'open', keys: false, tls: false },
  { name: 'with API keys', keys: true, tls: false },
  { name: 'with API keys and TLS', keys: true, tls: true },
]

/** Starts a node that is protected as the pass says, and waits until it serves. */
export async function startPass(
  rig: NodeRig,
  models: readonly ModelPlan[],
  pass: Pass,
): Promise<{ readonly node: RigNode; readonly target: Target }> {
  const checkKey = deriveKeyCheckKey('the secret of the client tests')
  const { id, secret } = newApiKey(randomBytes)
  const hmac = apiKeyHmac(checkKey, secret)
  const planned: PlannedKey = { id, hmac, models: null, verbs: ['predict'], expiresAtMs: null }
  const tls = pass.tls ? await certificateFiles(rig.folder) : undefined
  const node = await rig.start({
    ...{ name: pass.name.replaceAll(' ', '-').toLowerCase(), models },
    ...(pass.keys && { keys: [planned] }),
    env: {
      ...(pass.keys && { UNDERSTUDY_PREDICT_AUTH: 'required', UNDERSTUDY_KEY_CHECK_KEY: checkKey }),
      ...(tls && { UNDERSTUDY_TLS_CERT_FILE: tls.certificate, UNDERSTUDY_TLS_KEY_FILE: tls.key }),
    },
  })
  const target: Target = {
    host: 'localhost',
    restPort: node.port,
    grpcPort: node.grpcPort,
    key: pass.keys ? apiKeyText({ id, secret }) : null,
    caFile: tls?.certificate ?? null,
    models: models.map(({ model }) => model),
  }
  await waitFor('the node to serve every version', () => serves(target, models), { timeoutMs: 60_000 })
  return { node, target }
}

async function serves(target: Target, models: readonly ModelPlan[]): Promise<boolean> {
  for (const { model, versions } of models) {
    for (const { number } of versions) {
      if ((await statusOf(target, `/v2/models/${model}/versions/${number}/ready`)) !== 200) return false
    }
  }
  return true
}

function statusOf({ host, restPort: port, key, caFile }: Target, path: string): Promise<number | undefined> {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` }
  const options = { host, port, path, headers, timeout: 10_000 }
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: IncomingMessage) => {
      answer.resume()
      resolve(answer.statusCode)
    }
    const asked =
      caFile === null
        ? http.get(options, onAnswer)
        : https.get({ ...options, ca: readFileSync(caFile) }, onAnswer)
    asked.once('error', reject)
  })
}

async function certificateFiles(folder: string) {
  const { certificate, privateKey } = await testCertificate('localhost')
  const files = { certificate: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') }
  await writeFile(files.certificate, certificate)
  await writeFile(files.key, privateKey, { mode: 0o600 })
  return files
}
