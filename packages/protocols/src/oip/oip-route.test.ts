import { type ErrorCode, PlatformError } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { acceptedEncoding } from './accepted-encoding.ts'
import { oipModelConfig, oipModelIndex, oipModelMetadata } from './oip-documents.ts'
import { encodeOipError, type OipSubject } from './oip-error.ts'
import { isOipPath, parseOipRoute } from './oip-route.ts'
import { readIndexRequest } from './read-index-request.ts'

const live = { kind: 'live' } as const
const number = (value: number) => ({ kind: 'number', number: value }) as const

describe('parseOipRoute', () => {
  it.each([
    ['/v2', { kind: 'server' }],
    ['/v2/', { kind: 'server' }],
    ['/v2/health/live', { kind: 'live' }],
    ['/v2/health/ready', { kind: 'healthReady' }],
    ['/v2/models/stats', { kind: 'allStats' }],
    ['/v2/models/m', { kind: 'metadata', model: 'm', selector: live }],
    ['/v2/models/m/versions/2', { kind: 'metadata', model: 'm', selector: number(2) }],
    ['/v2/models/m/infer', { kind: 'infer', model: 'm', selector: live }],
    ['/v2/models/m/versions/12/infer', { kind: 'infer', model: 'm', selector: number(12) }],
    ['/v2/models/a%20b%2Fc/ready', { kind: 'ready', model: 'a b/c', selector: live }],
    ['/v2/models/%ff/ready', { kind: 'ready', model: '%ff', selector: live }],
    ['/v2/models/m/stats', { kind: 'stats', model: 'm', selector: live }],
    ['/v2/models/stats/stats', { kind: 'stats', model: 'stats', selector: live }],
    ['/v2/models/m/config', { kind: 'config', model: 'm', selector: live }],
    ['/v2/models/m/versions/99999999999999999999', { kind: 'metadata', model: 'm', selector: number(0) }],
    ['/v2/repository/index', { kind: 'index' }],
    ['/v2/repository/mine/index', { kind: 'index' }],
    ['/v2/repository/models/m/load', { kind: 'load', model: 'm' }],
    ['/v2/repository/mine/models/m/unload', { kind: 'unload', model: 'm' }],
  ])('finds %s', (path, route) => {
    expect(parseOipRoute(path)).toEqual(route)
  })

  it.each([
    ...['/v2/models', '/v2/models/', '/v2/models//infer', '/V2/models/m', '/v2/models/m/versions/x', '/v2/x'],
    ...[
      '/v2/models/m/versions/-1',
      '/v2/models/m/infer/',
      '/v2/models/m/versions//infer',
      '/v2/repository/models/m',
    ],
  ])('finds nothing at %s', (path) => {
    expect(parseOipRoute(path)).toBeUndefined()
  })

  it('owns what lies below /v2 and no more', () => {
    expect(['/v2', '/v2/x', '/v20', '/v1/models', '/x/v2'].map(isOipPath)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('encodeOipError', () => {
  const say = (code: ErrorCode, subject?: OipSubject) =>
    JSON.parse(encodeOipError(new PlatformError(code, 'why'), subject)).error
  const one: OipSubject = { model: 'm', selector: number(2) }

  it.each([
    ['serving.model_not_found', one, "Request for unknown model: 'm' is not found"],
    ['serving.version_not_found', one, "Request for unknown model: 'm' version 2 is not found"],
    ['serving.version_not_available', one, "Request for unknown model: 'm' version 2 is not at ready state"],
    ['serving.version_not_available', { model: 'm', selector: live }, "'m' is not at ready state"],
    ['serving.queue_full', one, 'Exceeds maximum queue size (why)'],
    ['serving.deadline_exceeded', undefined, 'Request timeout expired (why)'],
    ['request.malformed', one, 'why'],
  ] as const)('says of %s what Triton says', (code, subject, text) => {
    expect(say(code, subject)).toContain(text)
  })

  it('tells strangers nothing of faults, and repeats no long name', () => {
    expect(say('platform.unexpected', one)).not.toContain('why')
    expect(say('serving.model_not_found', { model: 'm'.repeat(9_999), selector: live }).length).toBeLessThan(
      200,
    )
  })
})

describe('documents', () => {
  const signature = {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
    outputs: [{ name: 'y', dtype: 'string', shape: [''] }],
  } as const

  it('describes a model with -1 for what is open', () => {
    expect(oipModelMetadata('m', [1, 2], signature)).toEqual({
      ...{ name: 'm', versions: ['1', '2'], platform: 'onnxruntime_onnx' },
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
      outputs: [{ name: 'y', datatype: 'BYTES', shape: [-1] }],
    })
    expect(oipModelConfig('m', signature)).toMatchObject({
      ...{
        max_batch_size: 0,
        input: [{ data_type: 'TYPE_FP32', dims: [-1, 4] }],
        output: [{ data_type: 'TYPE_STRING' }],
      },
    })
  })

  it('lists versions with their state and reason', () => {
    const error = new PlatformError('onnx.load_failed', 'broken')
    const versions = [
      { version: 3, state: 'error', error },
      { version: 2, state: 'warming' },
      { version: 1, state: 'available' },
    ] as const
    expect(oipModelIndex('m', versions, { readyOnly: false })).toEqual([
      { name: 'm', version: '1', state: 'READY', reason: '' },
      { name: 'm', version: '2', state: 'LOADING', reason: '' },
      { name: 'm', version: '3', state: 'UNAVAILABLE', reason: 'broken' },
    ])
    expect(oipModelIndex('m', versions, { readyOnly: true })).toHaveLength(1)
  })

  it.each([
    ['', false],
    ['{}', false],
    ['{"ready":true}', true],
  ])('reads the index request %j', (text, readyOnly) => {
    expect(readIndexRequest(Buffer.from(text))).toEqual({ readyOnly })
  })

  it.each(['[]', '{"ready":1}', '{', 'x'])('refuses the index request %j', (text) => {
    expect(() => readIndexRequest(Buffer.from(text))).toThrow(PlatformError)
  })
})

describe('acceptedEncoding', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['deflate, gzip', 'deflate'],
    ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
    ['gzip;q=0', undefined],
    ['identity, gzip', undefined],
    ['identity;q=0.1, gzip', 'gzip'],
    ['br, GZIP', 'gzip'],
    ['gzip;q=x', undefined],
    ['*', undefined],
  ])('chooses for %j', (header, encoding) => {
    expect(acceptedEncoding(header)).toBe(encoding)
  })
})
