import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlatformError } from '../errors/platform-error.ts'
import { defaultModelConfig, parseModelConfig } from './parse.ts'

function mistakeIn(text: string): string {
  try {
    parseModelConfig(text)
  } catch (error) {
    if (isPlatformError(error) && error.code === 'gitops.config_invalid') return error.message
    throw error
  }
  return 'accepted'
}

describe('parseModelConfig', () => {
  it.each(['', '\n', '# only a comment\n', '---\n', '{}', '\uFEFF'])('takes the defaults for %j', (text) => {
    expect(parseModelConfig(text)).toEqual(defaultModelConfig())
  })

  it('fills in every default', () => {
    expect(parseModelConfig('')).toEqual({
      apiVersion: 'understudy/v1',
      kind: 'Model',
      description: '',
      owners: [],
      runtime: {
        intraOpThreads: 1,
        batching: { maxBatchSize: 64, maxDelayMs: 0 },
        timeoutMs: 1_000,
        runTimeoutMs: 5_000,
        maxQueue: 1_024,
        resident: true,
      },
      outputs: {},
      rollout: {
        trigger: 'push',
        strategy: 'shadow',
        shadow: { sample: 1, minPairs: 500, minDuration: 0, maxDuration: 21_600_000, require: ['live'] },
        gates: { errors: { margin: 0.01 } },
        canary: [],
        canaryMinPairs: 200,
        canaryMinDuration: 300_000,
        bake: 0,
        approval: { required: 1, selfApprove: true, groups: [], expires: 604_800_000 },
        freeze: [],
        decisionTimeout: 604_800_000,
      },
      signatures: {},
      privacy: { storeInputs: false },
    })
  })

  it('keeps the other defaults of a block of which one key is given', () => {
    const { runtime, rollout } = parseModelConfig(
      'runtime: {batching: {maxDelayMs: 2.5}}\nrollout: {shadow: {maxDuration: 90s}}\n',
    )
    expect(runtime.batching).toEqual({ maxBatchSize: 64, maxDelayMs: 2.5 })
    expect(rollout.shadow).toEqual({
      sample: 1,
      minPairs: 500,
      minDuration: 0,
      maxDuration: 90_000,
      require: ['live'],
    })
  })

  it('fills in the defaults of gates that are named', () => {
    const { rollout } = parseModelConfig(
      'rollout: {gates: {latency: {overMs: 50}, disagreement: {budget: 0.05}, quality: {output: y}}}',
    )
    expect(rollout.gates).toEqual({
      errors: { margin: 0.01 },
      latency: { margin: 0.05, overMs: 50, overMargin: 0.01, sample: 0.5 },
      disagreement: { budget: 0.05 },
      quality: { margin: 0.01, optional: true, output: 'y', loss: 'zeroOne', scale: 1 },
    })
  })

  it('reads comparators with their defaults', () => {
    const { outputs } = parseModelConfig(
      'outputs:\n  a: {compare: {kind: tolerance, rtol: 0}}\n  b: {gate: true}\n',
    )
    expect(outputs).toEqual({
      a: { compare: { kind: 'tolerance', atol: 1e-5, rtol: 0 } },
      b: { gate: true },
    })
  })
})

describe('a mistake in model.yaml is named with line and column:', () => {
  it.each([
    ['a wrong key at the top', 'kind: Model\nrunttime: {}\n', '2:1: unknown key "runttime".'],
    [
      'a wrong key one level down',
      'runtime:\n  maxQueue: 1\n  maxQueu: 3\n',
      '3:3: runtime: unknown key "maxQueu".',
    ],
    [
      'a wrong key two levels down',
      'runtime:\n  batching:\n    size: 3\n',
      '3:5: runtime.batching: unknown key "size".',
    ],
    [
      'a wrong key in braces',
      'rollout: {gates: {errors: {margins: 0.1}}}\n',
      '1:28: rollout.gates.errors: unknown key "margins".',
    ],
    [
      'a key of another comparator',
      'outputs:\n  y: {compare: {kind: equal, atol: 1}}\n',
      '2:30: outputs.y.compare: unknown key "atol".',
    ],
    ['a key that YAML would merge', '<<: {kind: Model}\n', '1:1: unknown key "<<".'],
    ['a key that JavaScript treats in its own way', '__proto__: {a: 1}\n', '1:1: unknown key "__proto__".'],
    ['a key after comments and blank lines', '# a\n\n# b\nwhat: 1\n', '4:1: unknown key "what".'],
    ['a key after carriage returns', 'kind: Model\r\nwhat: 1\r\n', '2:1: unknown key "what".'],
    [
      'a text where a number belongs',
      'runtime:\n  maxQueue: many\n',
      '2:13: runtime.maxQueue: invalid input: expected number, received string.',
    ],
    [
      'a number in a list of texts',
      'owners:\n  - ada\n  - 3\n',
      '3:5: owners.1: invalid input: expected string, received number.',
    ],
    ['a block without content', 'runtime:\n', '1:9: runtime: invalid input: expected object, received null.'],
    ['a list instead of keys', '- a\n', '1:1: invalid input: expected object, received array.'],
    [
      'a number out of range',
      'runtime: {maxQueue: 0}\n',
      '1:21: runtime.maxQueue: too small: expected number to be >=1.',
    ],
    [
      'an unknown word',
      'rollout: {trigger: pull}\n',
      '1:20: rollout.trigger: invalid option: expected one of "push"|"manual".',
    ],
    [
      'an unknown comparator',
      'outputs: {y: {compare: {kind: near}}}\n',
      "1:31: outputs.y.compare.kind: invalid discriminator value. Expected 'equal' | 'argmax' | 'topK' | 'cosine' | 'threshold' | 'setOverlap' | 'tolerance'.",
    ],
    [
      'a classification without classes and scores',
      'signatures: {a: {method: classify}}\n',
      '1:17: signatures.a: expected at least one of "classes" or "scores".',
    ],
    [
      'a signature of an unknown method',
      'signatures:\n  a: {method: predict}\n',
      "2:15: signatures.a.method: invalid discriminator value. Expected 'classify' | 'regress'.",
    ],
    [
      'a duration without unit',
      'rollout:\n  shadow:\n    minDuration: "5"\n',
      '3:18: rollout.shadow.minDuration: expected a duration such as 30s, 10m or 6h.',
    ],
    [
      'a duration that is a number',
      'rollout: {shadow: {minDuration: 5}}\n',
      '1:33: rollout.shadow.minDuration: invalid input: expected string, received number.',
    ],
    [
      'a key that stands twice',
      'description: a\nkind: Model\ndescription: b\n',
      '3:1: Map keys must be unique.',
    ],
    ['a tab that indents', 'runtime:\n\tmaxQueue: 1\n', '2:1: Tabs are not allowed as indentation.'],
    ['an alias', 'description: &a x\nowners: [*a]\n', '2:10: aliases are not allowed.'],
    ['an alias of nothing', 'description: *a\n', '1:14: aliases are not allowed.'],
    ['a tag', 'description: !secret x\n', '1:14: Unresolved tag: !secret.'],
    ['a second document', 'kind: Model\n---\nkind: Model\n', '2:1: Source contains multiple documents.'],
    ['an escape for NUL', 'description: "a\\0b"\n', '1:14: control characters are not allowed.'],
    ['a control character in a key', 'outputs: {"a\\e": {}}\n', '1:11: control characters are not allowed.'],
    ['half of a surrogate pair', 'owners: ["\\ud800"]\n', '1:10: control characters are not allowed.'],
  ])('%s', (_, text, expected) => {
    expect(mistakeIn(text)).toBe(`model.yaml:${expected}`)
  })

  it('of the file that it was read from', () => {
    expect(() => parseModelConfig('a: 1', 'models/iris/model.yaml')).toThrow(
      /^models\/iris\/model\.yaml:1:1: /,
    )
  })
})

describe('hostile text', () => {
  it('above 64 KiB of UTF-8 is refused, however few characters it has', () => {
    expect(mistakeIn(`# ${'x'.repeat(65_534)}`)).toBe('accepted')
    expect(mistakeIn(`# ${'x'.repeat(65_535)}`)).toBe('model.yaml: larger than 64 KiB.')
    expect(mistakeIn(`# ${'é'.repeat(40_000)}`)).toBe('model.yaml: larger than 64 KiB.')
  })

  it.each([
    ['open brackets', '['.repeat(60_000)],
    ['closed brackets', `description: ${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['open braces', '{a: '.repeat(15_000)],
    ['indents', Array.from({ length: 350 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('of many %s is refused as a mistake, not as a fault of the platform', (_, text) => {
    expect(mistakeIn(text)).toMatch(/^model\.yaml:\d+:\d+: /)
  })

  it('that grows by aliases is refused before it grows', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `a${i}: &a${i} [${i === 0 ? '1' : `*a${i - 1}, *a${i - 1}`}]`,
    )
    expect(mistakeIn(levels.join('\n'))).toMatch(/aliases are not allowed/)
  })

  it('gives a configuration or a mistake with a place, and nothing that cannot be stored', () => {
    const word = fc.constantFrom(
      'runtime',
      'rollout',
      'outputs',
      'y',
      'kind',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '"',
      '\\',
      '*a',
      '&a',
      '\0',
      '|',
      '#',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((words) => words.join('')),
    )
    fc.assert(
      fc.property(text, (one) => {
        const mistake = mistakeIn(one)
        if (mistake !== 'accepted') expect(mistake).toMatch(/^model\.yaml:\d+:\d+: .*\.$/s)
        const shown = mistake === 'accepted' ? JSON.stringify(parseModelConfig(one)) : mistake
        expect(shown).not.toMatch(/\0|\\u0000|\\ud[89a-f]|\p{Cs}/u)
      }),
      { numRuns: 200 },
    )
  })
})
