import { openApiDocument } from '@understudy/protocols'
import { NODE_VERSION } from './node-version.ts'

const PATH = '/openapi.json'

/** Gives out the OpenAPI document of this node. It holds no secret and names no model, so it needs no key. */
export class OpenApiRoute {
  readonly #body: string

  constructor(options: { readonly requiresKeys: boolean }) {
    this.#body = JSON.stringify(openApiDocument({ version: NODE_VERSION, ...options }))
  }

  answers(method: string, path: string): boolean {
    return path === PATH && (method === 'GET' || method === 'HEAD')
  }

  get body(): string {
    return this.#body
  }
}
