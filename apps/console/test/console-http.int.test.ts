import { request } from 'node:http'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningConsole, startConsole } from './memory/start-console.ts'

let running: RunningConsole

beforeAll(async () => {
  running = await startConsole('full')
})

afterAll(() => running.stop())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Unlike fetch this may say any `Host` and `Origin`. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const asked = request({ host: '127.0.0.1', port: running.port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const act = (headers: Record<string, string>) =>
  ask('/api/trpc/retry', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ json: { model: 'iris' } }),
  })

describe('who may ask', () => {
  test('a rebound name gets nothing: no page, no file, no data', async () => {
    for (const path of ['/', '/models/iris', '/icon.svg', '/api/trpc/overview', '/api/health']) {
      const answer = await ask(path, { headers: { host: `evil.example:${running.port}` } })
      expect([path, answer.status]).toEqual([path, 403])
      expect(answer.body).not.toContain('iris')
    }
  })

  test('localhost is as good as 127.0.0.1', async () => {
    expect((await ask('/', { headers: { host: `localhost:${running.port}` } })).status).toBe(200)
  })

  test('another origin can neither act nor read', async () => {
    const headers = { origin: 'http://evil.example' }
    const answer = await act(headers)
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('control.forbidden_origin')
    expect((await ask('/api/trpc/overview', { headers })).status).toBe(403)
  })

  test('an act without origin is refused, unless a client names itself', async () => {
    expect((await act({})).status).toBe(403)
    expect((await act({ 'x-understudy-client': 'cli' })).status).toBe(200)
  })

  test('an act of the own page is let through', async () => {
    expect((await act({ origin: running.url })).status).toBe(200)
  })

  test('a stream that another site opens is refused', async () => {
    expect((await ask('/api/trpc/changes', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  })
})

describe('what a page carries', () => {
  test('a policy under which only its own scripts run, new with every answer', async () => {
    const [one, other] = await Promise.all([ask('/'), ask('/')])
    const nonceOf = (answer: Answer) =>
      /'nonce-([^']+)'/.exec(String(answer.headers['content-security-policy']))?.[1]
    expect(nonceOf(one)).toBeDefined()
    expect(nonceOf(one)).not.toBe(nonceOf(other))
    const scripts = [...one.body.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag)
    expect(scripts.length).toBeGreaterThan(1)
    expect(scripts.filter((tag) => !tag.includes(`nonce="${nonceOf(one)}"`))).toEqual([])
    expect(one.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(one.headers['x-content-type-options']).toBe('nosniff')
    expect(one.headers['x-powered-by']).toBeUndefined()
  })

  test('its content and its title before any script has run', async () => {
    const { body } = await ask('/models/iris')
    expect(body).toContain('<title>iris v2 · Understudy</title>')
    expect(body).toContain('v2 is not worse than v1')
    expect(body).toContain('Skip to the content')
  })

  test('404 for a model and for a rollout that is not there, or that belongs to another model', async () => {
    const rollout = '6b1f6a52-6f0d-4c5b-9b0e-2f1d7c1c0a02'
    const statuses = await Promise.all(
      ['/nowhere', '/models/nobody', '/models/iris/rollouts/none', `/models/digits/rollouts/${rollout}`].map(
        async (path) => (await ask(path)).status,
      ),
    )
    expect(statuses).toEqual([404, 404, 404, 404])
    expect((await ask(`/models/iris/rollouts/${rollout}`)).status).toBe(200)
  })
})

test('health says ok', async () => {
  const { status, body } = await ask('/api/health')
  expect([status, JSON.parse(body)]).toEqual([200, { status: 'ok' }])
})

test('a stream tells a sign of life at once and is closed in the server when its page goes away', async () => {
  const gone = new AbortController()
  const response = await fetch(`${running.url}/api/trpc/changes`, {
    headers: { accept: 'text/event-stream', 'x-understudy-client': 'test' },
    signal: gone.signal,
  })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  await waitFor('a sign of life', async () => {
    text += (await reader?.read())?.value ?? ''
    return /"at":"/.test(text)
  })
  await waitFor('the stream to be counted', async () => (await running.countListeners()) === 1)
  gone.abort()
  await waitFor('the stream to be gone', async () => (await running.countListeners()) === 0)
})
