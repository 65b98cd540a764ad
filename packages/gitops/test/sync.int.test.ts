import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { modelDigest, sha256Hex } from '@understudy/core'
import { GitRepository } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  ArtifactStore,
  ingestVersion,
  planSync,
  type RecordedRepository,
  RepositoryMirror,
  type RepositorySnapshot,
  readSnapshot,
  type SyncPlan,
} from '../src/index.ts'

let repository: GitRepository
let mirror: RepositoryMirror
let store: ArtifactStore

beforeEach(async () => {
  repository = await GitRepository.create()
  mirror = new RepositoryMirror({
    url: repository.bare,
    branch: 'main',
    folder: path.join(repository.folder, 'mirror'),
    allowLocal: true,
  })
  store = new ArtifactStore(path.join(repository.folder, 'artifacts'))
})
afterEach(() => repository.dispose())

const NOTHING: RecordedRepository = { repositoryId: 'r', models: [] }

async function sync(recorded = NOTHING): Promise<{ snapshot: RepositorySnapshot; plan: SyncPlan }> {
  const { commit } = await mirror.fetch()
  const snapshot = await readSnapshot(mirror, commit)
  return { snapshot, plan: planSync(snapshot, recorded) }
}

const summary = (plan: SyncPlan) =>
  plan.actions.map((one) => `${one.type} ${one.model}${'number' in one ? `@${one.number}` : ''}`)

/** The record after the first sync of `iris@1`. */
async function irisOnRecord(): Promise<RecordedRepository> {
  await repository.pushFiles({ 'models/iris/1/model.onnx': 'one', 'models/iris/model.yaml': 'kind: Model\n' })
  const version = (await sync()).snapshot.models[0]?.versions[0]
  if (!version) throw new Error('no version')
  const { number, servingFingerprint, goldenFingerprint } = version
  const recorded = {
    number,
    servingFingerprint,
    goldenFingerprint,
    variantOf: null,
    atTip: true,
    refusals: [],
  }
  const model = {
    name: 'iris',
    repositoryId: 'r',
    configText: 'kind: Model\n',
    problems: [],
    versions: [recorded],
  }
  return { repositoryId: 'r', models: [model] }
}

describe('from a push to the artifact store', () => {
  it('brings a pushed version into the store under the digest of its bytes', async () => {
    const golden = '{"request":{"inputs":{}},"response":{"outputs":{}}}'
    await repository.pushFiles({
      'models/iris/model.yaml': 'description: flowers\n',
      'models/iris/1/model.onnx': 'graph',
      'models/iris/1/w/weights.bin': 'weights',
      'models/iris/1/golden/a.json': golden,
      'models/iris/1/README.md': 'notes',
    })
    const { snapshot, plan } = await sync()
    expect(summary(plan)).toEqual(['newModel iris', 'newVersion iris@1'])
    expect(snapshot.models[0]?.configText).toBe('description: flowers\n')
    const [version] = snapshot.models[0]?.versions ?? []
    if (!version) throw new Error('no version')
    const ingested = await ingestVersion(mirror, version, store)
    const files = [
      { path: 'model.onnx', sha256: sha256Hex('graph'), sizeBytes: 5 },
      { path: 'w/weights.bin', sha256: sha256Hex('weights'), sizeBytes: 7 },
    ]
    expect(ingested).toEqual({
      entryPoint: 'model.onnx',
      files,
      golden: [{ path: 'golden/a.json', sha256: sha256Hex(golden), sizeBytes: golden.length }],
      modelDigest: modelDigest(files, 'model.onnx'),
      sizeBytes: 12,
    })
    expect(await ingestVersion(mirror, version, store)).toEqual(ingested)
    const directory = path.join(repository.folder, 'nodes/iris/1')
    await store.materialize(ingested.files, directory)
    expect(await readFile(path.join(directory, 'w/weights.bin'), 'utf8')).toBe('weights')
  })

  it('refuses every bad entry for itself and takes all the others', async () => {
    await repository.write({
      'models/good/1/model.onnx': 'good',
      'models/good/v2/model.onnx': 'x',
      'models/empty/1/model.onnx': '',
      'models/headless/1/weights.bin': 'x',
      'models/bad name/1/model.onnx': 'x',
      'models/linked/2/model.onnx': 'fine',
      'models/odd/1/model.onnx': 'x',
      'models/odd/1/a\nb': 'x',
    })
    await repository.link('models/linked/1/model.onnx', '/etc/passwd')
    await repository.link('models/alias', 'good')
    await repository.commit()
    const commit = (await repository.git('rev-parse', 'HEAD')).trim()
    await repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},models/modular/1/sub`)
    await repository.write({ 'models/modular/1/model.onnx': 'x' })
    await repository.git('add', 'models/modular/1/model.onnx')
    await repository.git('commit', '-q', '-m', 'submodule')
    await repository.push()

    const { plan } = await sync()
    expect(plan.actions.filter((one) => one.type === 'newVersion').map((one) => one.version.path)).toEqual([
      'models/good/1',
      'models/linked/2',
    ])
    const ofModels = plan.actions.flatMap((one) => (one.type === 'problemsChanged' ? one.problems : []))
    expect([...plan.problems, ...ofModels].map((one) => `${one.path} ${one.code}`)).toEqual([
      'models/alias gitops.symlink_refused',
      'models/bad name gitops.model_name_invalid',
      'models/empty/1/model.onnx gitops.file_empty',
      'models/good/v2 gitops.version_number_invalid',
      'models/headless/1 gitops.model_file_missing',
      'models/linked/1/model.onnx gitops.symlink_refused',
      'models/modular/1/sub gitops.path_refused',
      'models/odd/1/a\uFFFDb gitops.path_refused',
    ])
  })

  it('refuses changed bytes under a used number and goes on with the next number', async () => {
    const recorded = await irisOnRecord()
    expect((await sync(recorded)).plan.actions).toEqual([])
    await repository.pushFiles({ 'models/iris/1/model.onnx': 'ONE', 'models/iris/2/model.onnx': 'two' })
    const { plan } = await sync(recorded)
    expect(summary(plan)).toEqual(['mutatedVersion iris@1', 'newVersion iris@2'])
    await repository.pushFiles({ 'models/iris/1/model.onnx': 'one' })
    expect(summary((await sync(recorded)).plan)).toEqual(['newVersion iris@2'])
  })

  it('takes a directory with a path that climbs for no version, even when the tree was forged', async () => {
    await repository.pushFiles({ 'models/good/1/model.onnx': 'good' })
    const blob = (await repository.git('rev-parse', 'HEAD:models/good/1/model.onnx')).trim()
    const good = (await repository.git('rev-parse', 'HEAD:models/good')).trim()
    const tree = async (...lines: string[]) => {
      await repository.write({ '.git/lines': lines.map((line) => `${line}\n`).join('') })
      return (await repository.git('-c', 'alias.t=!git mktree < .git/lines', 't')).trim()
    }
    const climbing = await tree(`100644 blob ${blob}\tmodel.onnx`, `040000 tree ${good}\t..`)
    const iris = await tree(`040000 tree ${climbing}\t1`)
    const models = await tree(`040000 tree ${iris}\tiris`, `040000 tree ${good}\tgood`)
    const root = await tree(`040000 tree ${models}\tmodels`)
    const commit = (await repository.git('commit-tree', '-m', 'forged', '-p', 'HEAD', root)).trim()
    await repository.git('push', '-q', 'origin', `${commit}:refs/heads/main`)
    const { plan } = await sync()
    expect(plan.actions.filter((one) => one.type === 'newVersion').map((one) => one.version.path)).toEqual([
      'models/good/1',
    ])
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        type: 'problemsChanged',
        model: 'iris',
        problems: [expect.objectContaining({ code: 'gitops.path_refused' })],
      }),
    )
  })

  it('leaves no half object in the store when reading is cut off', async () => {
    await repository.pushFiles({ 'models/iris/1/model.onnx': 'x'.repeat(4_000_000) })
    const { snapshot } = await sync()
    const version = snapshot.models[0]?.versions[0]
    if (!version) throw new Error('no version')
    await expect(ingestVersion(mirror, version, store, AbortSignal.abort())).rejects.toThrow()
    expect(await readdir(store.root)).toEqual(['tmp'])
    expect(await readdir(path.join(store.root, 'tmp'))).toEqual([])
    const short = {
      ...version,
      files: version.files.map((file) => ({ ...file, sizeBytes: file.sizeBytes - 1 })),
    }
    await expect(ingestVersion(mirror, short, store)).rejects.toMatchObject({ code: 'gitops.file_too_large' })
  })
})
