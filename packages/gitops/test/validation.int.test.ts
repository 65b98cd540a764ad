import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { type ArtifactRef, PlatformError, type Signature } from '@understudy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ArtifactStore,
  type QuarantineInput,
  type QuarantineReport,
  type ValidationInput,
  type ValidationPorts,
  validateVersion,
  validateWorkingTree,
} from '../src/index.ts'

const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 3] }],
}
const GOLDEN = '{"request":{"inputs":{"x":[[1]]}},"response":{"outputs":{"y":[1]}}}'

/** Stands in for the process that loads models: takes all but files that begin with "bad", and remembers what it saw. */
class FakeQuarantine {
  readonly seen: (QuarantineInput & { readonly files: readonly string[]; readonly bytes: string })[] = []

  async run(input: QuarantineInput): Promise<QuarantineReport> {
    const files = (await readdir(path.dirname(input.modelPath), { recursive: true })).sort()
    const bytes = await readFile(input.modelPath, 'utf8')
    this.seen.push({ ...input, files, bytes })
    if (bytes.startsWith('bad')) {
      const reasons = [
        new PlatformError('onnx.load_failed', 'no'),
        new PlatformError('onnx.golden_mismatch', 'off'),
      ]
      return { ok: false, reasons }
    }
    return { ok: true, signature: SIGNATURE, batchable: true, loadMs: 3, memoryBytes: 1_000, comparisons: {} }
  }
}

let folder: string
let store: ArtifactStore
let quarantine: FakeQuarantine
let ports: ValidationPorts

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-validation-'))
  store = new ArtifactStore(path.join(folder, 'store'))
  quarantine = new FakeQuarantine()
  ports = { store, quarantine, workFolder: path.join(folder, 'work'), compareContract: () => [] }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<ArtifactRef> {
  return { path: name, ...(await store.put(Readable.from([Buffer.from(text)]), 1_000_000)) }
}

async function input(overrides: Partial<ValidationInput> = {}): Promise<ValidationInput> {
  const files = [await file('model.onnx', 'graph'), await file('w/data.bin', 'weights')]
  const golden = [await file('golden/a.json', GOLDEN)]
  return { model: 'iris', number: 2, configText: null, files, golden, ...overrides }
}

const codes = (report: Awaited<ReturnType<typeof validateVersion>>) =>
  report.ok ? [] : report.reasons.map((one) => one.code)

describe('validateVersion', () => {
  it('validates what quarantine loads, with files under their own names and nothing left behind', async () => {
    const report = await validateVersion(await input({ configText: 'runtime: {runTimeoutMs: 70}\n' }), ports)
    expect(report).toMatchObject({
      ok: true,
      signature: SIGNATURE,
      batchable: true,
      loadMs: 3,
      memoryBytes: 1_000,
      comparisons: {},
    })
    expect(report.ok && report.config.runtime.runTimeoutMs).toBe(70)
    expect(quarantine.seen).toMatchObject([
      {
        files: ['model.onnx', 'w', 'w/data.bin'],
        golden: [{ path: 'golden/a.json', content: GOLDEN }],
        runtime: { runTimeoutMs: 70 },
      },
    ])
    expect(await readdir(ports.workFolder)).toEqual([])
  })

  it('names every mistake of contract, files and golden samples at once, and then loads nothing', async () => {
    const golden = [
      await file('golden/b.json', '{}'),
      await file('golden/a.json', 'x'),
      await file('golden/c.pb', 'x'),
    ]
    const report = await validateVersion(await input({ configText: 'a: 1\n', files: [], golden }), ports)
    expect(codes(report)).toEqual([
      'gitops.config_invalid',
      'gitops.model_file_missing',
      'gitops.golden_invalid',
      'gitops.golden_invalid',
      'gitops.golden_invalid',
    ])
    expect(report.ok || report.reasons.map((one) => one.message.slice(0, 40))).toEqual([
      'models/iris/model.yaml:1:1: unknown key ',
      'iris@2 holds no model.onnx.',
      expect.stringContaining('golden/a.json'),
      expect.stringContaining('golden/b.json'),
      expect.stringContaining('golden/c.pb'),
    ])
    expect(quarantine.seen).toEqual([])
  })

  it('gives line and column of a wrong type in model.yaml', async () => {
    const report = await validateVersion(
      await input({ configText: 'description: x\nruntime:\n  maxQueue: many\n' }),
      ports,
    )
    expect(report.ok || report.reasons[0]?.message).toMatch(
      /^models\/iris\/model\.yaml:3:\d+: runtime\.maxQueue/,
    )
  })

  it('hands on every reason of quarantine', async () => {
    const files = [await file('model.onnx', 'bad')]
    expect(codes(await validateVersion(await input({ files }), ports))).toEqual([
      'onnx.load_failed',
      'onnx.golden_mismatch',
    ])
    expect(await readdir(ports.workFolder)).toEqual([])
  })

  it('rejects a version that breaks the contract of the live one', async () => {
    const compareContract = (live: Signature, next: Signature) =>
      live === next ? [] : ['output "z" is missing', 'input "x" has another type']
    const live: Signature = { ...SIGNATURE }
    const broken = await validateVersion(await input({ liveSignature: live }), { ...ports, compareContract })
    expect(codes(broken)).toEqual(['onnx.contract_changed', 'onnx.contract_changed'])
    const kept = await validateVersion(await input({ liveSignature: SIGNATURE }), {
      ...ports,
      compareContract,
    })
    expect(kept.ok).toBe(true)
  })

  it('rejects a version that signatures and labels in model.yaml do not fit, with every reason', async () => {
    const configText = [
      'outputs: {y: {labels: [a, b]}}',
      'signatures:',
      '  kind: {method: classify, scores: z}',
      '  price: {method: regress, value: y, features: {w: width}}',
    ].join('\n')
    const report = await validateVersion(await input({ configText }), ports)
    expect(report.ok || report.reasons).toEqual(
      [
        'outputs.y.labels: 2 labels for the 3 classes of "y" float32 [N, 3]',
        'signatures.kind.scores: the model has no output "z"; it has y',
        'signatures.price.features: the model has no input "w"; it has x',
        'signatures.price.value: output "y" is float32 [N, 3], expected a float [N] or [N, 1]',
      ].map((mistake) => ({
        code: 'gitops.mapping_invalid',
        message: `models/iris/model.yaml does not fit iris@2: ${mistake}.`,
      })),
    )
    const fitting = 'outputs: {y: {labels: [a, b, c]}}\nsignatures: {kind: {method: classify, scores: y}}\n'
    expect(await validateVersion(await input({ configText: fitting }), ports)).toMatchObject({ ok: true })
  })

  it('says that a file is a Git LFS pointer rather than a broken model', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`
    const report = await validateVersion(await input({ files: [await file('model.onnx', pointer)] }), ports)
    expect(report).toMatchObject({
      ok: false,
      reasons: [{ message: expect.stringContaining('Git LFS pointer') }],
    })
  })

  it('blames the platform, not the version, for a lost artifact or a broken quarantine', async () => {
    const lost = await input()
    await rm(store.path(lost.files[1]?.sha256 ?? ''))
    await expect(validateVersion(lost, ports)).rejects.toMatchObject({ code: 'gitops.digest_mismatch' })
    const run = () => Promise.reject(new Error('no memory'))
    await expect(validateVersion(await input(), { ...ports, quarantine: { run } })).rejects.toThrow(
      'no memory',
    )
    expect(await readdir(ports.workFolder)).toEqual([])
  })
})

describe('validateWorkingTree', () => {
  const at = (name: string) => path.join(folder, 'clone', name)

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(at(name)), { recursive: true })
      await writeFile(at(name), text)
    }
  }

  const summary = async (given: string) => {
    const { problems, versions } = await validateWorkingTree(given, { quarantine })
    return {
      problems: problems.map((one) => `${one.path} ${one.code}`),
      versions: versions.map((one) => `${one.model}@${one.number} ${codes(one.report).join(' ') || 'ok'}`),
    }
  }

  it('says of a clone what the platform would say of its push', async () => {
    await write({
      'models/iris/1/model.onnx': 'graph',
      'models/iris/1/golden/a.json': GOLDEN,
      'models/iris/2/model.onnx': 'bad',
      'models/iris/3/model.onnx': '',
      'models/iris/v4/model.onnx': 'graph',
      'models/digits/1/model.onnx': 'graph',
      'models/digits/model.yaml': 'nonsense: 1\n',
      'models/no good/1/model.onnx': 'graph',
      'models/IRIS/1/model.onnx': 'graph',
      'README.md': 'x',
    })
    await writeFile(path.join(folder, 'secret'), 'graph')
    await mkdir(at('models/linked/1'), { recursive: true })
    await symlink(path.join(folder, 'secret'), at('models/linked/1/model.onnx'))
    await symlink(at('models/iris'), at('models/alias'))
    expect(await summary(at(''))).toEqual({
      problems: [
        'models/alias gitops.symlink_refused',
        'models/no good gitops.model_name_invalid',
        'models/iris gitops.model_name_invalid',
        'models/iris/v4 gitops.version_number_invalid',
      ],
      versions: ['IRIS@1 ok', 'digits@1 gitops.config_invalid', 'linked@1 gitops.symlink_refused'],
    })
    await rm(at('models/IRIS'), { recursive: true })
    expect((await summary(at(''))).versions).toEqual([
      'digits@1 gitops.config_invalid',
      'iris@1 ok',
      'iris@2 onnx.load_failed onnx.golden_mismatch',
      'iris@3 gitops.file_empty',
      'linked@1 gitops.symlink_refused',
    ])
  })

  it('reads one model or one version when that is what it is given', async () => {
    await write({
      'models/iris/model.yaml': 'runtime: {runTimeoutMs: 70}\n',
      'models/iris/1/model.onnx': 'graph',
      'models/iris/2/model.onnx': 'bad',
      'models/digits/1/model.onnx': 'graph',
    })
    expect((await summary(at('models/iris'))).versions).toEqual([
      'iris@1 ok',
      expect.stringMatching(/^iris@2 onnx/),
    ])
    quarantine.seen.length = 0
    expect((await summary(at('models/iris/1'))).versions).toEqual(['iris@1 ok'])
    expect(quarantine.seen).toMatchObject([{ runtime: { runTimeoutMs: 70 } }])
    expect((await summary(at('models'))).versions).toHaveLength(3)
  })

  it('says what it expected when the path is nothing of the kind', async () => {
    await mkdir(at('x'), { recursive: true })
    for (const given of [at('x'), at('nowhere')]) {
      await expect(validateWorkingTree(given, { quarantine })).rejects.toMatchObject({
        code: 'gitops.clone_unusable',
      })
    }
  })
})
