import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ModelStatistics } from '../src/telemetry/model-statistics.ts'
import { NodeMetrics } from '../src/telemetry/node-metrics.ts'
import { type RestFixture, startRest } from './rest-fixture.ts'

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
interface Operation {
  readonly operationId: string
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content & { readonly $ref?: string }>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, Content>> }
}

/** A good body for each operation that takes one, without `OfVersion` and `OfLabel`. */
const BODIES: Readonly<Record<string, unknown>> = {
  predict: { instances: [1, 2] },
  classify: { examples: [{ cm: [1.5, 3.5], petals: 4 }] },
  regress: { examples: [{ x: 1.5 }, { x: 2.5 }] },
  infer: { id: '7', inputs: [{ name: 'x', shape: [2], datatype: 'FP32', data: [1, 2] }] },
  repositoryIndex: { ready: false },
  reportOutcomes: { outcomes: [{ model: 'half', requestId: 'r-1', label: 'yes' }] },
}
/** Operations whose only answer is an error. */
const REFUSED: ReadonlySet<string> = new Set(['loadModel', 'unloadModel'])

let rest: RestFixture
let document: Document
let ajv: Ajv2020

beforeAll(async () => {
  const statistics = new ModelStatistics()
  const metrics = new NodeMetrics({
    ...{
      models: () => ['half'],
      servables: () => [],
      requestLoads: () => [],
      generationOf: () => 1,
      planAgeMs: () => undefined,
    },
    ...{ isReady: () => true, executors: () => [] },
  })
  const outcomes = { report: async () => ({ statuses: ['recorded' as const] }) }
  rest = await startRest({ metrics: metrics.route, statistics, outcomes })
  document = (await (await fetch(`${rest.url}/openapi.json`)).json()) as Document
  ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'document')
})
afterAll(() => rest[Symbol.asyncDispose]())

/** Why a value does not fit the schema that stands at these members of the document; null when it does. */
function misfit(at: readonly string[], value: unknown): string | null {
  const pointer = at.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
  const validate = ajv.compile({ $ref: `document#/${pointer.join('/')}` })
  return validate(value) ? null : ajv.errorsText(validate.errors)
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const kind = operation.operationId.replace(/Of(Version|Label)$/, '')
      return { path, method, operation, kind, body: BODIES[kind] }
    }),
  )

function ask(path: string, method: string, kind: string, body: unknown): Promise<Response> {
  const model = kind === 'classify' ? 'flowers' : 'half'
  const written = path.replace('{model}', model).replace('{version}', '2').replace('{label}', 'live')
  const text = body === undefined ? (method === 'post' ? '{}' : undefined) : JSON.stringify(body)
  return fetch(rest.url + written, {
    method: method.toUpperCase(),
    ...(text !== undefined && { body: text }),
  })
}

describe('GET /openapi.json', () => {
  it('is a valid OpenAPI 3.1 document, and needs no key', async () => {
    const result = await new Validator().validate({ ...structuredClone(document) })
    expect(result).toMatchObject({ valid: true })
    expect(document.openapi).toBe('3.1.0')
    const refusing = await startRest({
      access: {
        check: () => {
          throw new Error('nobody may')
        },
      },
    })
    const answer = await fetch(`${refusing.url}/openapi.json`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await answer.json()).toMatchObject({ security: [{ apiKey: [] }] })
    await refusing[Symbol.asyncDispose]()
  })

  it('has operations that a real server answers, each with what its schema says', async () => {
    for (const { path, method, operation, kind, body } of operations()) {
      const where = `${method} ${path}`
      const answer = await ask(path, method, kind, body)
      const text = await answer.text()
      expect([where, answer.status, text]).toEqual([where, REFUSED.has(kind) ? 503 : 200, expect.anything()])
      const described = operation.responses[String(answer.status)]
      const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
      const value = type === 'application/json' ? JSON.parse(text) : text
      const members =
        described?.$ref === undefined
          ? ['paths', path, method, 'responses', String(answer.status)]
          : described.$ref.slice('#/'.length).split('/')
      expect([where, misfit([...members, 'content', type, 'schema'], value)]).toEqual([where, null])
      if (body === undefined) continue
      const request = ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema']
      expect([where, misfit(request, body)]).toEqual([where, null])
    }
  })

  it('describes the errors that come back', async () => {
    for (const [method, path, body, status] of [
      ['post', '/v1/models/{model}:predict', { instances: ['text'] }, 400],
      ['post', '/v1/models/{model}/versions/{version}:predict', {}, 400],
      [
        'post',
        '/v2/models/{model}/infer',
        { inputs: [{ name: 'x', shape: [1], datatype: 'NO', data: [1] }] },
        400,
      ],
    ] as const) {
      const answer = await ask(path, method, 'predict', body)
      expect([path, answer.status]).toEqual([path, status])
      const reference = document.paths[path]?.[method]?.responses[String(status)]?.$ref ?? ''
      const members = [...reference.slice('#/'.length).split('/'), 'content', 'application/json', 'schema']
      expect(misfit(members, await answer.json())).toBe(null)
    }
  })

  it('has schemas that refuse what is wrong', () => {
    const schema = (name: string) => ['components', 'schemas', name]
    expect(misfit(schema('PredictRequest'), { instances: [1], inputs: [1] })).not.toBe(null)
    expect(misfit(schema('PredictRequest'), {})).not.toBe(null)
    expect(
      misfit(schema('InferRequest'), { inputs: [{ name: 'x', shape: [1], datatype: 'FLOAT' }] }),
    ).not.toBe(null)
    expect(misfit(schema('ModelStatus'), { model_version_status: [{ version: 1 }] })).not.toBe(null)
  })

  it('answers a HEAD without a body, and is nothing that could be posted to', async () => {
    const head = await fetch(`${rest.url}/openapi.json`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await fetch(`${rest.url}/openapi.json`, { method: 'POST', body: '{}' })).status).toBe(404)
  })
})
