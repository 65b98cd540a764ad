import {
  MODEL_NAME_PATTERN,
  OVERRIDE_PROOF_HEADER,
  OVERRIDES_PATH,
  PlatformError,
  parseSignedOverride,
  type SignedOverride,
} from '@understudy/core'
import type { Answer, Exchange } from '../http/exchange.ts'
import { readBody } from '../http/read-body.ts'
import type { NodeOverrides } from './node-overrides.ts'

/** A signed override is far smaller. */
const BODY_BYTES_MAX = 8 * 1024

/** `GET` shows how a model stands on this node, `POST` overrides it. Both are signed, so that API keys, which a cut-off node may not know, play no part. */
export class OverrideRoute {
  readonly #overrides: Pick<NodeOverrides, 'look' | 'apply'>

  constructor(overrides: Pick<NodeOverrides, 'look' | 'apply'>) {
    this.#overrides = overrides
  }

  answers(path: string): boolean {
    return path.startsWith(OVERRIDES_PATH)
  }

  /** @throws PlatformError for the caller to write */
  async handle(exchange: Exchange): Promise<Answer> {
    const { method, path, req } = exchange
    const model = path.slice(OVERRIDES_PATH.length)
    if (!MODEL_NAME_PATTERN.test(model) || (method !== 'GET' && method !== 'POST')) {
      throw new PlatformError('request.unknown_route', `There is nothing at ${method} ${path}`)
    }
    if (method === 'GET') {
      const proof = req.headers[OVERRIDE_PROOF_HEADER]
      return json(this.#overrides.look(model, typeof proof === 'string' ? proof : undefined))
    }
    const signed = signedOf(await bodyOf(exchange))
    if (signed.document.model !== model) {
      throw new PlatformError(
        'request.malformed',
        `The override is of ${signed.document.model}, not of ${model}.`,
      )
    }
    return json(await this.#overrides.apply(signed))
  }
}

function json(value: unknown): Answer {
  return { status: 200, body: JSON.stringify(value) }
}

function bodyOf(exchange: Exchange): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    readBody(exchange, BODY_BYTES_MAX, (body) => (body instanceof Uint8Array ? resolve(body) : reject(body)))
  })
}

function signedOf(body: Uint8Array): SignedOverride {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    value = undefined
  }
  const signed = parseSignedOverride(value)
  if (signed !== undefined) return signed
  throw new PlatformError('request.malformed', 'The body is no signed override.')
}
