import { describe, expect, it } from 'vitest'
import { formatNodes, readBalancerEnvironment } from './env.ts'

const nodes = [
  { name: 'serving-1', port: 40_001 },
  { name: 'serving-2', port: 40_002 },
]

describe('readBalancerEnvironment', () => {
  it('reads the nodes as they were written', () => {
    expect(
      readBalancerEnvironment({
        UNDERSTUDY_REST_PORT: '8501',
        UNDERSTUDY_BALANCER_NODES: formatNodes(nodes),
      }),
    ).toEqual({ port: 8501, nodes, logLevel: 'info', parentPipe: false })
  })

  it.each([
    [{ UNDERSTUDY_REST_PORT: '8501' }, 'UNDERSTUDY_BALANCER_NODES names no node'],
    [{ UNDERSTUDY_BALANCER_NODES: 'a=1' }, 'UNDERSTUDY_REST_PORT: "" is no port'],
    [
      { UNDERSTUDY_REST_PORT: '1', UNDERSTUDY_BALANCER_NODES: 'a' },
      'UNDERSTUDY_BALANCER_NODES: "" is no port',
    ],
  ])('says in one sentence what is wrong with %o', (source, message) => {
    expect(() => readBalancerEnvironment(source)).toThrow(message)
  })
})
