import { describe, expect, it } from 'vitest'
import { chooseNode, type NodeLoad } from './choose-node.ts'

const ready = (connections: number): NodeLoad => ({ ready: true, connections })
const away = (connections: number): NodeLoad => ({ ready: false, connections })

describe('chooseNode', () => {
  it.each<[string, readonly NodeLoad[], number, number | undefined]>([
    ['takes the first of idle ones', [ready(0), ready(0), ready(0)], -1, 0],
    ['goes round among equals', [ready(2), ready(2), ready(2)], 1, 2],
    ['begins again after the last', [ready(2), ready(2), ready(2)], 2, 0],
    ['prefers fewer connections to its turn', [ready(3), ready(1), ready(2)], 1, 1],
    ['never takes one that is not ready', [away(0), ready(9), away(0)], 1, 1],
    ['passes over one that is not ready in its turn', [ready(1), away(0), ready(1)], 0, 2],
    ['has nobody when no node is ready', [away(0), away(3)], 0, undefined],
    ['has nobody without nodes', [], -1, undefined],
  ])('%s', (_name, nodes, last, expected) => {
    expect(chooseNode(nodes, last)).toBe(expected)
  })
})
