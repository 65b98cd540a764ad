import { CATEGORIES, PlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { parseTfsRoute } from './parse-tfs-route.ts'
import { encodeTfsError, TFS_HTTP_STATUS } from './tfs-error.ts'

const route = (path: string) => parseTfsRoute('POST', `/v1/models/${path}:predict`)

describe('encodeTfsError', () => {
  it.each([
    ['serving.model_not_found', 'half', 'Servable not found for request: Latest(half)'],
    ['serving.version_not_found', 'foo/versions/99', 'Servable not found for request: Specific(foo, 99)'],
    ['serving.label_not_found', 'foo/labels/X', 'Unrecognized servable version label: X'],
    ['serving.queue_full', 'foo', 'as it was'],
  ] as const)('says %s in the words of TensorFlow Serving', (code, path, message) => {
    expect(encodeTfsError(new PlatformError(code, 'as it was'), route(path))).toBe(
      `{ "error": "${message}" }`,
    )
  })

  it('tells a stranger nothing about a fault of ours, but an id', () => {
    const error = new PlatformError('onnx.run_failed', 'node MatMul_3 in /data/secret')
    expect(encodeTfsError(error, route('foo'))).not.toContain('MatMul')
    expect(encodeTfsError(error)).toContain(error.id)
  })

  it('escapes what a message quotes', () => {
    const error = new PlatformError('request.malformed', 'JSON Value: "a\n"')
    expect(JSON.parse(encodeTfsError(error))).toEqual({ error: 'JSON Value: "a\n"' })
  })
})

describe('TFS_HTTP_STATUS', () => {
  it('has the status of TensorFlow Serving for every category', () => {
    expect(CATEGORIES.map((category) => TFS_HTTP_STATUS[category])).toEqual([
      400, 401, 403, 404, 409, 409, 400, 429, 499, 500, 500, 501, 503, 504,
    ])
  })
})
