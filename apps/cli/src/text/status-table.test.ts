import { describe, expect, it } from 'vitest'
import { statusText } from './status-table.ts'

const model = {
  ...{ name: 'iris', live: 2, previous: 1, versions: [], rollout: null, drift: null, problems: [] },
  ...{ pinned: null, labels: [] },
}
const version = (number: number) => ({
  ...{ number, digest: 'd'.repeat(64), commit: 'c'.repeat(40), state: 'validated' as const },
  ...{ standing: 'proven' as const, reason: null, incidents: [] },
})
const node = (number: number, ready: boolean) => ({
  name: `serving-${number}`,
  restUrl: `http://127.0.0.1:2000${number}`,
  ready,
})

describe('statusText', () => {
  it('ends the list of models with the nodes and who of them is ready', () => {
    const document = { models: [model], nodes: [node(1, true), node(2, false)] }
    expect(statusText(document, undefined)).toMatch(
      /iris .*\n\nnodes: 1 of 2 ready: serving-1, serving-2 \(starting\)$/s,
    )
  })

  it('says so when no node counts', () => {
    expect(statusText({ models: [model], nodes: [] }, undefined)).toMatch(/\n\nnodes: 0 of 0 ready$/)
  })

  it('leaves nodes out where one model was asked for', () => {
    expect(statusText({ models: [model], nodes: [node(1, true)] }, 'iris')).not.toContain('nodes')
  })

  it('of one model says what is pinned, and where labels point or what they wait for', () => {
    const labels = [
      { label: 'edge', number: 2, wanted: 3, waits: 'v3 is being validated' },
      { label: 'stable', number: 1, wanted: 1, waits: null },
    ]
    const pinned = { ...model, pinned: 1, labels, versions: [version(2), version(1)] }
    const text = statusText({ models: [pinned], nodes: [] }, 'iris')
    expect(text).toContain('pinned: v1 by the environment file, v2 is live\n')
    expect(text).toContain('label: edge v2 (v3 is being validated)\nlabel: stable v1\n')
    expect(text).toMatch(/v2 live edge .*v1 previous stable /s)
  })
})
