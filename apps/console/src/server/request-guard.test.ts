import { describe, expect, test } from 'vitest'
import { type GuardedRequest, guardedRequest, isOwnHost, isOwnOrigin } from './request-guard.ts'

const request = (over: Partial<GuardedRequest> = {}): GuardedRequest => ({
  host: '127.0.0.1:3000',
  origin: null,
  secFetchSite: null,
  client: null,
  ...over,
})

describe('isOwnHost', () => {
  test.each(['127.0.0.1:3000', 'localhost:3000', 'LOCALHOST:3000', '[::1]:3000'])(
    'lets the loopback name %s through',
    (host) => {
      expect(isOwnHost(host, 3000)).toBe(true)
    },
  )

  test.each([
    ['a rebound name', 'evil.example:3000'],
    ['a name that begins like loopback', '127.0.0.1.evil.example:3000'],
    ['a name that ends like loopback', 'evil-localhost:3000'],
    ['another port', '127.0.0.1:3001'],
    ['no port', '127.0.0.1'],
    ['all interfaces', '0.0.0.0:3000'],
    ['a user part', 'x@127.0.0.1:3000'],
    ['nothing', ''],
    ['no header', null],
  ])('refuses %s', (_what, host) => {
    expect(isOwnHost(host, 3000)).toBe(false)
  })

  test('lets the bare name through on port 80 only', () => {
    expect(isOwnHost('localhost', 80)).toBe(true)
    expect(isOwnHost('localhost', 3000)).toBe(false)
  })
})

describe('isOwnOrigin', () => {
  test('lets the own origin through', () => {
    expect(isOwnOrigin(request({ origin: 'http://127.0.0.1:3000' }))).toBe(true)
  })

  test.each([
    'http://evil.example',
    'http://127.0.0.1:8501',
    'http://localhost:3000',
    'https://127.0.0.1:3000',
    'null',
    '',
  ])('refuses the foreign origin "%s" even with the header of a client', (origin) => {
    expect(isOwnOrigin(request({ origin, client: 'cli', secFetchSite: 'same-origin' }))).toBe(false)
  })

  test('refuses a request without origin that says nothing of itself', () => {
    expect(isOwnOrigin(request())).toBe(false)
    expect(isOwnOrigin(request({ client: '' }))).toBe(false)
  })

  test.each(['cross-site', 'same-site', 'none'])('refuses a request that the browser marks %s', (site) => {
    expect(isOwnOrigin(request({ secFetchSite: site }))).toBe(false)
  })

  test('lets a named client, and a same-origin fetch of the browser, through', () => {
    expect(isOwnOrigin(request({ client: 'cli' }))).toBe(true)
    expect(isOwnOrigin(request({ secFetchSite: 'same-origin' }))).toBe(true)
  })

  test('reads the four headers it judges by', () => {
    const headers = new Headers({
      host: 'localhost:3000',
      origin: 'http://localhost:3000',
      'sec-fetch-site': 'same-origin',
      'x-understudy-client': 'cli',
    })
    expect(guardedRequest(headers)).toEqual({
      host: 'localhost:3000',
      origin: 'http://localhost:3000',
      secFetchSite: 'same-origin',
      client: 'cli',
    })
  })
})
