import { describe, expect, it } from 'vitest'
import { nodeEnvironment, readNodeCount } from './serving-nodes.ts'

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

describe('nodeEnvironment', () => {
  const node = { name: 'serving-2', port: 20_002 }
  const shared = { UNDERSTUDY_REST_PORT: '8501', LOG_LEVEL: 'info' }

  it('gives a node its own name and port, and its part of the memory', () => {
    expect(nodeEnvironment(shared, node, 3)).toEqual({
      LOG_LEVEL: 'info',
      UNDERSTUDY_MODEL_MEMORY_MIB: '2730',
      UNDERSTUDY_NODE_NAME: 'serving-2',
      UNDERSTUDY_REST_PORT: '20002',
    })
  })

  it('gives each node the memory that a person has set', () => {
    const set = { ...shared, UNDERSTUDY_MODEL_MEMORY_MIB: '1024' }
    expect(nodeEnvironment(set, node, 3).UNDERSTUDY_MODEL_MEMORY_MIB).toBe('1024')
  })
})
