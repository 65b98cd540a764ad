import {
  endlessModel,
  externalLinearModel,
  hungryModel,
  identityModel,
  linearModel,
  slowLoadModel,
} from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ControlPlane } from './support/control-plane.ts'

const IMMEDIATE = 'runtime: {runTimeoutMs: 300}\nrollout: {strategy: immediate}\n'
const GOOD = linearModel()

function golden(x: number[][], y: number[][]): string {
  return JSON.stringify({ request: { inputs: { x } }, response: { outputs: { y } } })
}

let plane: ControlPlane

beforeAll(async () => {
  plane = await ControlPlane.open()
  await plane.repository.pushFiles({ 'models/lead/1/model.onnx': GOOD, 'models/lead/model.yaml': IMMEDIATE })
  await plane.settle()
  await plane.untilLive('lead', 1)
})
afterAll(() => plane?.close())

interface Bad {
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly link?: string
  readonly reason: { readonly code: string; readonly message: RegExp }
}

const corrupt = Uint8Array.from(GOOD, (byte, at) => (at > 40 && at < 90 ? byte ^ 0x5a : byte))
const BAD: readonly (readonly [string, Bad])[] = [
  [
    'a corrupt ONNX file',
    { files: { 'model.onnx': corrupt }, reason: { code: 'onnx.not_a_model', message: /ONNX/ } },
  ],
  [
    'a text file',
    { files: { 'model.onnx': 'Not a model.\n' }, reason: { code: 'onnx.not_a_model', message: /text/ } },
  ],
  [
    'a model of 0 bytes',
    {
      files: { 'model.onnx': '' },
      reason: { code: 'gitops.file_empty', message: /model\.onnx has 0 bytes/ },
    },
  ],
  [
    'a directory without a model',
    {
      files: { 'notes.txt': 'later' },
      reason: { code: 'gitops.model_file_missing', message: /holds no model\.onnx/ },
    },
  ],
  [
    'a symlink',
    {
      link: '../1/model.onnx',
      reason: { code: 'gitops.symlink_refused', message: /model\.onnx is a symlink/ },
    },
  ],
  [
    'weights outside of its directory',
    {
      files: { 'model.onnx': externalLinearModel('../1/model.onnx', { inputs: 4, outputs: 3 }).model },
      reason: { code: 'onnx.unsupported', message: /"?\.\.\/1\/model\.onnx/ },
    },
  ],
  [
    'failing golden samples',
    {
      files: { 'model.onnx': GOOD, 'golden/samples.json': golden([[1, 0, 0, 0]], [[7, 7, 7]]) },
      reason: { code: 'onnx.golden_mismatch', message: /golden\/samples\.json row 0: "y" is .*, expected 7/ },
    },
  ],
  [
    'golden samples of another form',
    {
      files: { 'model.onnx': GOOD, 'golden/samples.json': '{"request": {}}' },
      reason: { code: 'gitops.golden_invalid', message: /request\.inputs/ },
    },
  ],
  [
    'another contract than the live one',
    {
      files: { 'model.onnx': identityModel('float32', 4) },
      reason: { code: 'onnx.contract_changed', message: /breaks the contract of the live version: .*"y"/ },
    },
  ],
  [
    'a load that never ends',
    {
      files: { 'model.onnx': slowLoadModel() },
      reason: { code: 'onnx.load_timeout', message: /time limit/ },
    },
  ],
  [
    'a run that never ends',
    {
      files: { 'model.onnx': endlessModel() },
      reason: { code: 'serving.run_timeout', message: /time limit/ },
    },
  ],
  [
    'a run that eats memory',
    {
      files: { 'model.onnx': hungryModel(64), 'golden/samples.json': golden([[1]], [[1]]) },
      reason: { code: 'onnx.memory_limit', message: /memory/ },
    },
  ],
]

describe('versions that cannot be served, pushed together with a good model', () => {
  const numbered = BAD.map(([what, bad], index) => ({ what, number: index + 2, ...bad }))

  beforeAll(async () => {
    for (const { number, files = {}, link } of numbered) {
      const below = (name: string) => `models/lead/${number}/${name}`
      for (const [name, content] of Object.entries(files)) {
        await plane.repository.write({ [below(name)]: content })
      }
      if (link !== undefined) await plane.repository.link(below('model.onnx'), link)
    }
    await plane.repository.pushFiles({
      'models/unharmed/1/model.onnx': linearModel({ seed: 2 }),
      'models/unharmed/model.yaml': IMMEDIATE,
    })
    await plane.settle()
  })

  it.each(numbered)('a version is rejected for $what, with this reason alone', async ({ number, reason }) => {
    expect(await plane.version('lead', number)).toMatchObject({
      state: 'rejected',
      reasons: [{ code: reason.code, message: expect.stringMatching(reason.message) }],
    })
  })

  it('live stays what it was, and the good model goes live', async () => {
    await plane.untilLive('unharmed', 1)
    expect(await plane.record('lead')).toMatchObject({ live: 1, aspired: [1] })
  })

  it('a refused version may be corrected under its number: its bytes were never taken', async () => {
    const [refused] = numbered.filter(({ reason }) => reason.code === 'gitops.file_empty')
    const number = refused?.number ?? 0
    await plane.repository.pushFiles({ [`models/lead/${number}/model.onnx`]: linearModel({ seed: 99 }) })
    await plane.settle()
    expect(await plane.version('lead', number)).toMatchObject({ state: 'validated', reasons: [] })
  })

  it('a version is validated again when its golden samples are corrected', async () => {
    const sample = (y: number) => ({
      'models/sampled/1/golden/a.json': golden([[0, 0, 0, 0]], [[y, y, y]]),
    })
    await plane.repository.pushFiles({
      'models/sampled/1/model.onnx': linearModel({ seed: 3 }),
      ...sample(1),
    })
    await plane.settle()
    expect(await plane.version('sampled', 1)).toMatchObject({ state: 'rejected' })
    await plane.repository.pushFiles(sample(0))
    await plane.settle()
    expect(await plane.version('sampled', 1)).toMatchObject({ state: 'validated', reasons: [] })
  })
})

describe('changed bytes under a used number', () => {
  it('are refused: the recorded version goes on, also live, until they are restored', async () => {
    const bytes = linearModel({ seed: 40 })
    const first = { 'models/still/1/model.onnx': bytes, 'models/still/model.yaml': IMMEDIATE }
    await plane.repository.pushFiles(first)
    await plane.settle()
    await plane.untilLive('still', 1)
    const before = await plane.version('still', 1)

    await plane.repository.pushFiles({ 'models/still/1/model.onnx': linearModel({ seed: 41 }) })
    await plane.settle()
    expect(await plane.version('still', 1)).toEqual({
      ...before,
      refusals: [
        { code: 'gitops.version_mutated', message: expect.stringMatching(/still@1|models\/still\/1/) },
      ],
    })
    expect((await plane.record('still')).live).toBe(1)

    await plane.repository.pushFiles(first)
    await plane.settle()
    expect(await plane.version('still', 1)).toEqual(before)
  })
})

describe('a version directory that is no positive integer', () => {
  const NAMES = ['0', '01', '-1', '1.5', 'v2', 'latest', '9007199254740993']
  const path = (name: string) => `models/named/${name}`

  it('is refused by its path, makes no version, and is forgotten when it is gone', async () => {
    for (const name of NAMES) await plane.repository.write({ [`${path(name)}/model.onnx`]: GOOD })
    await plane.repository.pushFiles({ [`${path('1')}/model.onnx`]: GOOD })
    await plane.settle()
    const { versions, problems } = await plane.record('named')
    expect(versions).toMatchObject([{ number: 1, state: 'validated' }])
    expect(problems).toEqual(
      [...NAMES].sort().map((name) => ({
        path: path(name),
        code: 'gitops.version_number_invalid',
        message: expect.stringContaining(`"${name}"`),
      })),
    )

    for (const name of NAMES) await plane.repository.remove(path(name))
    await plane.repository.pushFiles({})
    await plane.settle()
    expect(await plane.record('named')).toMatchObject({ problems: [], versions: [{ number: 1 }] })
  })
})

describe('a wrong model.yaml', () => {
  const at = (text: string) => ({ 'models/worded/model.yaml': text })
  const FIRST = 'description: Good\nrollout: {strategy: immediate}\n'
  let number = 1

  beforeAll(async () => {
    await plane.repository.pushFiles({
      ...at(FIRST),
      'models/worded/1/model.onnx': linearModel({ seed: 60 }),
    })
    await plane.settle()
    await plane.untilLive('worded', 1)
  })

  it.each([
    ['a wrong key', 'description: Bad\nruntime:\n  maxQueu: 3\n', 3, 3, 'runtime: unknown key "maxQueu"'],
    ['a wrong type', 'runtime:\n  batching: {maxBatchSize: many}\n', 2, 28, 'runtime.batching.maxBatchSize:'],
    ['what is no YAML', 'description: [\n', 2, 1, ''],
  ])(
    'is refused for %s with line and column; the last good one counts, and the next version waits for it',
    async (_, text, line, column, what) => {
      number += 1
      const bytes = linearModel({ seed: 60 + number })
      await plane.repository.pushFiles({ ...at(text), [`models/worded/${number}/model.onnx`]: bytes })
      await plane.settle()
      const record = await plane.record('worded')
      const message = `models/worded/model.yaml:${line}:${column}: ${what}`
      expect(record.configProblem).toContain(message)
      expect(record.config.description).toBe('Good')
      expect(record.live).toBe(number - 1)
      expect(await plane.version('worded', number)).toMatchObject({
        state: 'rejected',
        reasons: [{ code: 'gitops.config_invalid', message: expect.stringContaining(message) }],
      })

      await plane.repository.pushFiles(at(FIRST))
      await plane.settle()
      expect((await plane.record('worded')).configProblem).toBeNull()
      await plane.untilLive('worded', number)
    },
  )

  it('that no column could hold does not keep the others from being synced', async () => {
    const odd = {
      'odd-escape': 'description: "a\\0b"\n',
      'odd-nul': 'description: a\0b\n',
      'odd-half': 'owners: ["\\ud800"]\n',
      'odd-deep': `description: ${'['.repeat(60_000)}`,
      'odd-bytes': Uint8Array.of(0xff, 0xfe, 0x41),
    }
    for (const [model, text] of Object.entries(odd)) {
      await plane.repository.write({ [`models/${model}/model.yaml`]: text })
    }
    await plane.repository.pushFiles({ 'models/plain/1/model.onnx': linearModel({ seed: 70 }) })
    await plane.settle()
    expect((await plane.repositoryRow()).problem).toBeNull()
    expect(await plane.version('plain', 1)).toMatchObject({ state: 'validated' })
    for (const model of Object.keys(odd)) {
      const { configProblem, problems } = await plane.record(model)
      const told = [configProblem, ...problems.map(({ message }) => message)].join(' ')
      expect(told).toContain(`models/${model}/model.yaml`)
    }
  })
})
