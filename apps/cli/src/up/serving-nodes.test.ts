import { describe, expect, it } from 'vitest'
import { checkNodeCount, nodeEnvironment, planNodes, readNodeCount } from './serving-nodes.ts'

describe('readNodeCount', () => {
  it.each([
    ['1', 1],
    ['3', 3],
    ['16', 16],
  ])('takes %s', (text, count) => {
    expect(readNodeCount(text)).toBe(count)
  })

  it.each(['0', '17', '-1', '2.5', 'two', '', ' 3', '1e1'])('refuses "%s" with one sentence', (text) => {
    expect(() => readNodeCount(text)).toThrow(`--nodes is a whole number from 1 to 16, not "${text}".`)
  })
})

describe('checkNodeCount', () => {
  const tls = { certFile: '/c', keyFile: '/k' }

  it('lets one node listen anywhere, and several on loopback', () => {
    checkNodeCount(1, { tls, restHost: '0.0.0.0' })
    checkNodeCount(3, { tls: undefined, restHost: '127.0.0.1' })
  })

  it.each([
    ['UNDERSTUDY_TLS_CERT_FILE', { tls, restHost: '127.0.0.1' }],
    ['UNDERSTUDY_REST_HOST', { tls: undefined, restHost: '0.0.0.0' }],
  ])('refuses several behind a balancer that knows no %s', (variable, config) => {
    expect(() => checkNodeCount(3, config)).toThrow(`leave out --nodes or ${variable}`)
  })
})

it('planNodes gives each node two ports of the list', () => {
  expect(planNodes([1, 2, 3, 4])).toEqual([
    { name: 'serving-1', port: 1, grpcPort: 2 },
    { name: 'serving-2', port: 3, grpcPort: 4 },
  ])
})

describe('nodeEnvironment', () => {
  const node = { name: 'serving-2', port: 20_002, grpcPort: 20_003 }
  const shared = { UNDERSTUDY_REST_PORT: '8501', LOG_LEVEL: 'info' }

  it('gives a node its own name and port, and its part of the memory', () => {
    expect(nodeEnvironment(shared, node, 3)).toEqual({
      LOG_LEVEL: 'info',
      UNDERSTUDY_MODEL_MEMORY_MIB: '2730',
      UNDERSTUDY_NODE_NAME: 'serving-2',
      UNDERSTUDY_REST_PORT: '20002',
      UNDERSTUDY_GRPC_PORT: '20003',
    })
  })

  it('gives each node the memory that a person has set', () => {
    const set = { ...shared, UNDERSTUDY_MODEL_MEMORY_MIB: '1024' }
    expect(nodeEnvironment(set, node, 3).UNDERSTUDY_MODEL_MEMORY_MIB).toBe('1024')
  })
})
