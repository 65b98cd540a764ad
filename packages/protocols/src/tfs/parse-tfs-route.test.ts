import { isPlatformError } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTfsPath, parseTfsRoute } from './parse-tfs-route.ts'

const live = { kind: 'live' }

describe('parseTfsRoute', () => {
  it.each([
    ['POST', '/v1/models/iris:predict', { kind: 'predict', model: 'iris', selector: live }],
    ['POST', '/V1/Models/Iris:PREDICT', { kind: 'predict', model: 'Iris', selector: live }],
    [
      'POST',
      '/v1/models/m/versions/3:predict',
      { kind: 'predict', model: 'm', selector: { kind: 'number', number: 3 } },
    ],
    [
      'POST',
      '/v1/models/m/labels/st%20able:classify',
      { kind: 'classify', model: 'm', selector: { kind: 'label', label: 'st able' } },
    ],
    ['POST', '/v1/models/m:regress', { kind: 'regress', model: 'm', selector: live }],
    ['GET', '/v1/models/m', { kind: 'status', model: 'm', selector: live }],
    [
      'GET',
      '/v1/models/m/versions/12',
      { kind: 'status', model: 'm', selector: { kind: 'number', number: 12 } },
    ],
    ['GET', '/v1/models/m/labels/x', { kind: 'status', model: 'm', selector: { kind: 'label', label: 'x' } }],
    ['GET', '/v1/models/m/metadata', { kind: 'metadata', model: 'm', selector: live }],
    ['GET', '/v1/models/%C3%BC%zz', { kind: 'status', model: 'ü%zz', selector: live }],
  ])('reads %s %s', (method, path, route) => {
    expect(parseTfsRoute(method, path)).toEqual(route)
  })

  it.each([
    ['POST', '/v1/foo', 'Malformed request: POST /v1/foo'],
    ['GET', '/v1/models/m:predict', 'Malformed request: GET /v1/models/m:predict'],
    ['POST', '/v1/models/m', 'Malformed request: POST /v1/models/m'],
    ['PUT', '/v1/models/m:predict', 'Malformed request: PUT /v1/models/m:predict'],
    ['POST', '/v1/models/m/versions/x:predict', 'Malformed request: POST /v1/models/m/versions/x:predict'],
    ['GET', '/v1/models', 'Missing model name in request.'],
    ['GET', '/v1/models/versions/1', 'Missing model name in request.'],
    [
      'POST',
      '/v1/models/m/versions/9999999999999999999:predict',
      'Failed to convert version: 9999999999999999999 to numeric.',
    ],
  ])('refuses %s %s with the words of TensorFlow Serving', (method, path, message) => {
    expect(() => parseTfsRoute(method, path)).toThrow(message)
  })

  it('knows which paths belong to the API', () => {
    expect([isTfsPath('/v1/foo'), isTfsPath('/V1/'), isTfsPath('/v2/foo'), isTfsPath('/v1foo')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('answers arbitrary paths with a route or a registered error', () => {
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST'), fc.string(), (method, tail) => {
        try {
          parseTfsRoute(method, `/v1/models/${tail}`)
        } catch (error) {
          expect(isPlatformError(error)).toBe(true)
        }
      }),
    )
  })
})
