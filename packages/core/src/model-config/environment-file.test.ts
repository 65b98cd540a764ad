import { describe, expect, it } from 'vitest'
import { parseEnvironmentFile } from './environment-file.ts'

const FILE = 'environments/production.yaml'

function mistakeIn(text: string): string {
  try {
    return JSON.stringify(parseEnvironmentFile(text, FILE))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('an environment file', () => {
  it('names models that go live together', () => {
    const text = 'releases:\n  checkout: [fraud, basket]\n  search: [ranker, embedder]\n'
    expect(parseEnvironmentFile(text, FILE)).toEqual({
      releases: { checkout: ['fraud', 'basket'], search: ['ranker', 'embedder'] },
    })
    expect(parseEnvironmentFile('', FILE)).toEqual({ releases: {} })
  })

  it.each([
    ['a key that nothing reads', 'models: {}\n', '1:1: unknown key "models".'],
    ['a model in two groups', 'releases:\n  a: [x, y]\n  b: [z, x]\n', '3:10: releases.b.1: x stands in'],
    ['a model twice', 'releases: {a: [x, x]}\n', '1:19: releases.a.1: x stands in the releases twice'],
    ['a group of one', 'releases: {a: [x]}\n', '1:15: releases.a: too small'],
    ['what is no name', 'releases: {a: [x, "../y"]}\n', '1:19: releases.a.1: expected the name of a model.'],
  ])('with %s is refused at its line and column', (_, text, expected) => {
    expect(mistakeIn(text)).toContain(`${FILE}:${expected}`)
  })
})
