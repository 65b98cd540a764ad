import { describe, expect, it } from 'vitest'
import { decideFastRoute, type TrpcRequestLine } from './trpc-fast-route.ts'

const routeOf = (path: string, line: Partial<TrpcRequestLine> = {}, headers: Record<string, string> = {}) =>
  decideFastRoute({
    ...{ method: 'POST', url: `/trpc/${path}`, path: path.split('?')[0] ?? '' },
    ...line,
    headers: { 'content-type': 'application/json', host: '127.0.0.1:8501', ...headers },
  })

describe('decideFastRoute', () => {
  it('takes what the links of tRPC send for predict', () => {
    const one = { isStream: false, count: { isBatch: false, calls: 1 } }
    expect(routeOf('predict')).toEqual(one)
    expect(routeOf('predict', {}, { 'content-type': 'application/json; charset=utf-8' })).toEqual(one)
    expect(routeOf('predict', {}, { host: 'models.example:80' })).toEqual(one)
    expect(routeOf('predict', {}, { host: '[::1]:80' })).toEqual(one)
    expect(routeOf('predict,predict?batch=1')).toEqual({
      isStream: false,
      count: { isBatch: true, calls: 2 },
    })
    expect(routeOf('predict?batch=1', {}, { 'trpc-accept': 'application/jsonl' })).toEqual({
      ...{ isStream: true, count: { isBatch: true, calls: 1 } },
    })
  })

  it.each<[string, Partial<TrpcRequestLine>, Record<string, string>]>([
    ['predict', { method: 'GET' }, {}],
    ['predict', {}, { 'content-type': 'text/plain' }],
    ['predict', {}, { 'content-type': 'application/json, text/plain' }],
    ['predict', {}, { 'trpc-accept': 'application/jsonl' }],
    ['predict', {}, { accept: 'a/b, application/jsonl' }],
    ['predict', {}, { host: 'user@h' }],
    ['predict', {}, { host: 'a b' }],
    ['predict', {}, { host: '999.999.999.999' }],
    ['predict?batch=0', {}, {}],
    ['predict?batch=1&input=1', {}, {}],
    ['predict?', {}, {}],
    ['describe', {}, {}],
    ['predict,describe?batch=1', {}, {}],
    ['predict,predict', {}, {}],
    [`${new Array(101).fill('predict').join(',')}?batch=1`, {}, {}],
  ])('leaves to the stock adapter: %s %j %j', (path, line, headers) => {
    expect(routeOf(path, line, headers)).toBeUndefined()
  })
})
