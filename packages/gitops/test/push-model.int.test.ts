import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { externalLinearModel, GitRepository } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type PushedModel, type PushModelOptions, pushModel } from '../src/index.ts'

let repository: GitRepository
let modelFile: string
const identity = { name: 'Bea', email: 'bea@example.org' }

beforeEach(async () => {
  repository = await GitRepository.create()
  await repository.pushFiles({ 'models/iris/1/model.onnx': 'one', 'README.md': 'x' })
  modelFile = path.join(repository.folder, 'work', 'trained.onnx')
  await mkdir(path.dirname(modelFile))
  await writeFile(modelFile, 'two')
})
afterEach(() => repository.dispose())

async function push(overrides: Partial<PushModelOptions> = {}): Promise<PushedModel> {
  const environment = { HOME: repository.folder }
  return await pushModel({
    clone: repository.clone,
    modelFile,
    model: 'iris',
    identity,
    environment,
    ...overrides,
  })
}

/** What the remote has. */
async function remote(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['--git-dir', repository.bare, ...args], {
    env: { PATH: '/usr/bin:/bin', HOME: repository.folder },
  })
  return stdout.trim()
}

const remoteFiles = async () => (await remote('ls-tree', '-r', '--name-only', 'main')).split('\n')

/** A second person's clone. */
async function colleaguePushes(file: string, text: string): Promise<void> {
  const folder = path.join(repository.folder, 'colleague')
  await rm(folder, { recursive: true, force: true })
  const script = `git clone -q "$0" "$1" && cd "$1" && mkdir -p "$(dirname "$2")" && printf %s "$3" > "$2" && git add . && git -c user.name=c -c user.email=c@d commit -q -m c && git push -q`
  await promisify(execFile)('sh', ['-c', script, repository.bare, folder, file, text], {
    env: { PATH: '/usr/bin:/bin', HOME: repository.folder },
  })
}

describe('pushModel', () => {
  it('pushes a file as the next version, with a golden folder beside it', async () => {
    await mkdir(path.join(path.dirname(modelFile), 'golden'))
    await writeFile(path.join(path.dirname(modelFile), 'golden', 'a.json'), '{}')
    const pushed = await push({ message: 'Better trees' })
    expect(pushed).toEqual({ number: 2, commit: await remote('rev-parse', 'main'), created: true })
    expect(await remoteFiles()).toEqual([
      'README.md',
      'models/iris/1/model.onnx',
      'models/iris/2/golden/a.json',
      'models/iris/2/model.onnx',
    ])
    expect(await remote('show', 'main:models/iris/2/model.onnx')).toBe('two')
    expect(await remote('log', '-1', '--format=%an %s', 'main')).toBe('Bea Better trees')
  })

  it('makes no other version of the very same bytes', async () => {
    const first = await push()
    expect(await push()).toEqual({ ...first, created: false })
    expect(await remote('rev-list', '--count', 'main')).toBe('2')
    await writeFile(modelFile, 'three')
    expect(await push()).toMatchObject({ number: 3, created: true })
  })

  it('begins with version 1 of a new model, also in an empty repository', async () => {
    expect(await push({ model: 'digits' })).toMatchObject({ number: 1, created: true })
    const empty = await GitRepository.create()
    const result = await push({ clone: empty.clone })
    expect(result).toMatchObject({ number: 1, created: true })
    await empty.dispose()
  })

  it('takes the weights that the model names', async () => {
    const { model, weights } = externalLinearModel('trained.weights', { inputs: 4, outputs: 3 })
    await writeFile(modelFile, model)
    await expect(push()).rejects.toMatchObject({ code: 'gitops.model_file_missing' })
    await writeFile(path.join(path.dirname(modelFile), 'trained.weights'), weights)
    await push()
    expect(await remoteFiles()).toContain('models/iris/2/trained.weights')
    const escaping = externalLinearModel('../secret', { inputs: 4, outputs: 3 })
    await writeFile(modelFile, escaping.model)
    await expect(push()).rejects.toMatchObject({ code: 'gitops.path_refused' })
  })

  it('numbers after what others pushed meanwhile', async () => {
    await colleaguePushes('models/iris/2/model.onnx', 'theirs')
    expect(await push()).toMatchObject({ number: 3, created: true })
  })

  it('makes its commit again on top of a push that came in between', async () => {
    const marker = path.join(repository.folder, 'raced')
    const hook = path.join(repository.clone, '.git/hooks/pre-push')
    const colleague = path.join(repository.folder, 'colleague')
    await promisify(execFile)('git', ['clone', '-q', repository.bare, colleague])
    const race = `#!/bin/sh
[ -e ${marker} ] && exit 0
touch ${marker}
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX
cd ${colleague} && mkdir -p models/iris/2 && printf theirs > models/iris/2/model.onnx && git add . \\
  && git -c user.name=c -c user.email=c@d commit -q -m theirs && git push -q
exit 0
`
    await mkdir(path.dirname(hook), { recursive: true })
    await writeFile(hook, race, { mode: 0o755 })
    expect(await push()).toMatchObject({ number: 3, created: true })
    expect(await remote('show', 'main:models/iris/2/model.onnx')).toBe('theirs')
    expect(await remote('show', 'main:models/iris/3/model.onnx')).toBe('two')
    expect(await remote('rev-list', '--count', 'main')).toBe('3')
  })

  it('pushes a commit that an earlier call could not push', async () => {
    await repository.git('remote', 'set-url', '--push', 'origin', '/nowhere')
    await expect(push()).rejects.toMatchObject({ code: 'gitops.push_refused' })
    await repository.write({ 'models/iris/2/model.onnx': 'two' })
    await repository.commit('by hand')
    await repository.git('remote', 'set-url', '--push', 'origin', repository.bare)
    expect(await push()).toMatchObject({ number: 2, created: false })
    expect(await remote('show', 'main:models/iris/2/model.onnx')).toBe('two')
  })

  it('commits nothing but the version: what the person works on stays as it is', async () => {
    await repository.write({ 'README.md': 'staged', 'notes.txt': 'new' })
    await repository.git('add', 'README.md')
    await push()
    expect(await remote('show', 'main:README.md')).toBe('x')
    expect(await readFile(path.join(repository.clone, 'README.md'), 'utf8')).toBe('staged')
    expect(await remoteFiles()).not.toContain('notes.txt')
  })

  it('says what to do when the clone has gone its own way', async () => {
    await repository.write({ 'README.md': 'mine' })
    await repository.commit('mine')
    await colleaguePushes('README.md', 'theirs')
    await expect(push()).rejects.toMatchObject({ code: 'gitops.clone_unusable' })
  })

  it.each<[string, Partial<PushModelOptions>, string]>([
    ['a folder that is no clone', { clone: '/' }, 'gitops.clone_unusable'],
    ['a folder that does not exist', { clone: '/nowhere' }, 'gitops.clone_unusable'],
    ['a missing identity', { identity: undefined }, 'gitops.identity_missing'],
    ['a name that no model may have', { model: '../x' }, 'gitops.model_name_invalid'],
    ['a file that is not there', { modelFile: '/nowhere.onnx' }, 'gitops.model_file_missing'],
    ['golden samples that are not there', { goldenDir: '/nowhere' }, 'gitops.golden_invalid'],
    ['a missing git', { environment: { PATH: '/nowhere' } }, 'gitops.git_missing'],
  ])('refuses %s', async (_, overrides, code) => {
    await expect(push(overrides)).rejects.toMatchObject({ code })
  })

  it('refuses a model of 0 bytes', async () => {
    await writeFile(modelFile, '')
    await expect(push()).rejects.toMatchObject({ code: 'gitops.file_empty' })
  })
})
