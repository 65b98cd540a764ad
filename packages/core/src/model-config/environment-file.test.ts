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
      models: {},
      releases: { checkout: ['fraud', 'basket'], search: ['ranker', 'embedder'] },
    })
    expect(parseEnvironmentFile('', FILE)).toEqual({ models: {}, releases: {} })
  })

  it('names what shall be live of a model, its labels, or both', () => {
    const text =
      'models:\n  iris: {live: 3, labels: {stable: 2, "v-2.old": 1}}\n  rose: {live: 1}\n  tulip: {labels: {a: 1}}\n'
    expect(parseEnvironmentFile(text, FILE).models).toEqual({
      iris: { live: 3, labels: { stable: 2, 'v-2.old': 1 } },
      rose: { live: 1, labels: {} },
      tulip: { labels: { a: 1 } },
    })
  })

  it.each([
    ['a key that nothing reads', 'model: {}\n', '1:1: unknown key "model".'],
    [
      'a key of a model that nothing reads',
      'models: {iris: {lives: 1}}',
      '1:17: models.iris: unknown key "lives".',
    ],
    [
      'an entry that says nothing',
      'models: {iris: {}}',
      '1:16: models.iris: expected a live version or labels.',
    ],
    ['an entry of no model', 'models: {"a/b": {live: 1}}', 'models.a/b: expected the name of a model.'],
    [
      'a model to be taken off',
      'models: {iris: {live: none}}',
      'models.iris.live: no model can be taken off by this',
    ],
    [
      'a number in words',
      'models: {iris: {live: "3"}}',
      'models.iris.live: expected the number of a version',
    ],
    [
      'the number zero',
      'models: {iris: {labels: {a: 0}}}',
      'models.iris.labels.a: expected the number of a version',
    ],
    [
      'a label that rollouts move',
      'models: {iris: {labels: {live: 2}}}',
      'labels.live: the label live is moved by rollouts:',
    ],
    [
      'one that looks like it',
      'models: {iris: {labels: {Canary: 2}}}',
      'labels.Canary: the label Canary is moved by rollouts:',
    ],
    [
      'a label like a number',
      'models: {iris: {labels: {"7": 2}}}',
      'models.iris.labels.7: expected a letter and then',
    ],
    [
      'a label like a path',
      'models: {iris: {labels: {"a/b": 2}}}',
      'models.iris.labels.a/b: expected a letter and then',
    ],
    [
      'more labels than nodes should hold versions for',
      `models: {iris: {labels: {${[...'abcdefghijk'].map((label) => `${label}: 1`).join(', ')}}}}`,
      'models.iris.labels: expected at most 10 labels: each keeps a version loaded.',
    ],
    ['a model in two groups', 'releases:\n  a: [x, y]\n  b: [z, x]\n', '3:10: releases.b.1: x stands in'],
    ['a model twice', 'releases: {a: [x, x]}\n', '1:19: releases.a.1: x stands in the releases twice'],
    ['a group of one', 'releases: {a: [x]}\n', '1:15: releases.a: too small'],
    ['what is no name', 'releases: {a: [x, "../y"]}\n', '1:19: releases.a.1: expected the name of a model.'],
  ])('with %s is refused at its line and column', (_, text, expected) => {
    expect(mistakeIn(text)).toContain(expected)
    expect(mistakeIn(text)).toMatch(/^environments\/production\.yaml:\d+:\d+: /)
  })
})
