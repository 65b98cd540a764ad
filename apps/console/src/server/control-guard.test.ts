import { controlRouter } from '@understudy/api/control'
import { describe, expect, test } from 'vitest'
import { judgeControlRequest } from './control-guard.ts'

const GUARD = { port: 3000, endpoint: '/api/trpc' }
const OWN = 'http://127.0.0.1:3000'

function judge(path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  const headers = { host: '127.0.0.1:3000', ...init.headers }
  return judgeControlRequest(new Request(`${OWN}/api/trpc/${path}`, { ...init, headers }), GUARD)
}

describe('judgeControlRequest', () => {
  test('lets a read without origin through', () => {
    expect(judge('overview')).toBeUndefined()
  })

  test('refuses a read that another origin asks for', () => {
    expect(judge('overview', { headers: { origin: 'http://evil.example' } })).toMatch(/another site/)
  })

  test('refuses an act without a sign of where it comes from', () => {
    expect(judge('rollback', { method: 'POST' })).toMatch(/another site/)
  })

  test('refuses a stream without a sign of where it comes from, also inside a batch', () => {
    expect(judge('changes')).toMatch(/another site/)
    expect(judge('overview,changes')).toMatch(/another site/)
    expect(judge('overview%2Cchanges')).toMatch(/another site/)
  })

  test('lets an act of the own page, and of the CLI, through', () => {
    expect(judge('rollback', { method: 'POST', headers: { origin: OWN } })).toBeUndefined()
    expect(judge('rollback', { method: 'POST', headers: { 'x-understudy-client': 'cli' } })).toBeUndefined()
  })

  test('refuses a rebound name whatever else it says', () => {
    const headers = { host: 'evil.example:3000', 'x-understudy-client': 'cli' }
    expect(judge('overview', { headers })).toMatch(/answers at/)
  })

  test('knows every stream of the router', () => {
    // Flat at runtime, with `keys.create` for what is below `keys`; its type is nested.
    const procedures = Object.entries<unknown>({ ...controlRouter._def.procedures })
    const types = procedures.map(([name, procedure]) => [name, Object(procedure)._def.type])
    expect(types).toContainEqual(['keys.create', 'mutation'])
    const streams = types.filter(([, type]) => type === 'subscription')
    expect(streams.map(([name]) => name)).toEqual(['changes'])
  })
})
