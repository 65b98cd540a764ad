import { describe, expect, it } from 'vitest'
import { type OipRoute, parseOipRoute } from '../oip/oip-route.ts'
import { parseTfsRoute, type TfsRoute } from '../tfs/parse-tfs-route.ts'
import { openApiDocument } from './openapi-document.ts'

const document = openApiDocument({ version: '1.2.3', requiresKeys: true })
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation: operation as Operation })),
)

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name?: string }[]
  readonly security?: unknown
}

/** What stands for a path when a client writes it. */
function written(path: string): string {
  return path.replace('{model}', 'iris').replace('{version}', '2').replace('{label}', 'canary')
}

/** Every kind of route that the parsers know: the compiler sees to it that none is forgotten. */
const OIP_KINDS: Readonly<Record<OipRoute['kind'], true>> = {
  ...{ live: true, healthReady: true, server: true, allStats: true, index: true, metadata: true },
  ...{ infer: true, ready: true, config: true, stats: true, load: true, unload: true },
}
const TFS_KINDS: Readonly<Record<TfsRoute['kind'], true>> = {
  ...{ predict: true, classify: true, regress: true, status: true, metadata: true },
}

describe('the OpenAPI document', () => {
  it('names each operation once', () => {
    const names = operations.map(({ operation }) => operation.operationId)
    expect(names).toHaveLength(new Set(names).size)
  })

  it('has every route of the Open Inference Protocol, and only such as there are', () => {
    const paths = operations.map(({ path }) => written(path)).filter((path) => path.startsWith('/v2'))
    const kinds = new Set(paths.map((path) => parseOipRoute(path)?.kind))
    expect([...kinds].toSorted()).toEqual(Object.keys(OIP_KINDS).toSorted())
  })

  it('has every route of TensorFlow Serving, by version and by label too', () => {
    const routes = operations
      .filter(({ path }) => path.startsWith('/v1/models/'))
      .map(({ path, method }) => parseTfsRoute(method.toUpperCase(), written(path)))
    const found = routes.map(({ kind, selector }) => `${kind} ${selector.kind}`)
    const wanted = Object.keys(TFS_KINDS).flatMap((kind) =>
      ['live', 'number', 'label'].map((selector) => `${kind} ${selector}`),
    )
    expect(found.toSorted()).toEqual(wanted.toSorted())
  })

  it('describes each part of a path that is a parameter', () => {
    for (const { path, operation } of operations) {
      const named = operation.parameters.flatMap(({ name }) => (name === undefined ? [] : [name]))
      expect(named, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
  })

  it('asks for an API key where the node does, and never for probes, metrics and the document itself', () => {
    const open = operations.filter(({ operation }) => operation.security !== undefined)
    expect(open.map(({ path }) => path).toSorted()).toEqual([
      ...['/metrics', '/monitoring/prometheus/metrics', '/openapi.json'],
      ...['/v2/health/live', '/v2/health/ready'],
    ])
    expect(document.security).toEqual([{ apiKey: [] }])
    expect(openApiDocument({ version: '1', requiresKeys: false }).security).toEqual([{}, { apiKey: [] }])
  })
})
