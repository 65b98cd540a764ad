import { describe, expect, it } from 'vitest'
import { statusText } from './status-table.ts'

const model = { name: 'iris', live: 2, previous: 1, versions: [], rollout: null, drift: null, problems: [] }
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
})
