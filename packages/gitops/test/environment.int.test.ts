import path from 'node:path'
import { GitRepository } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RepositoryMirror, readEnvironment } from '../src/index.ts'

let repository: GitRepository
let mirror: RepositoryMirror

beforeEach(async () => {
  repository = await GitRepository.create()
  mirror = new RepositoryMirror({
    url: repository.bare,
    branch: 'main',
    folder: path.join(repository.folder, 'mirror'),
    allowLocal: true,
  })
})
afterEach(() => repository.dispose())

const FILE = 'environments/production.yaml'

async function read(files: Record<string, string | Uint8Array>) {
  await repository.pushFiles({ 'README.md': 'x', ...files })
  const { commit } = await mirror.fetch()
  return await readEnvironment(mirror, commit, 'production')
}

describe('the file of an environment', () => {
  it('says which models go live together; that of another environment says nothing here', async () => {
    const other = { 'environments/staging.yaml': 'releases: {b: [x, y]}' }
    expect(await read({ [FILE]: 'releases: {a: [x, y]}', ...other })).toEqual({
      file: FILE,
      environment: { models: {}, releases: { a: ['x', 'y'] } },
      problem: null,
    })
  })

  it('says what shall be live of a model, and which labels it has', async () => {
    const { environment } = await read({ [FILE]: 'models: {iris: {live: 3, labels: {stable: 2}}}' })
    expect(environment?.models).toEqual({ iris: { live: 3, labels: { stable: 2 } } })
  })

  it('is not needed', async () => {
    expect(await read({})).toMatchObject({ environment: { models: {}, releases: {} }, problem: null })
  })

  it.each([
    ['a key that nothing reads', 'model: {iris: {live: 3}}', `${FILE}:1:1: unknown key "model".`],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), `${FILE} is not UTF-8 text.`],
    ['more than anybody writes', `# ${'x'.repeat(70_000)}`, `${FILE} is larger than 64 KiB.`],
  ])('with %s is refused, as data', async (_, bytes, message) => {
    expect(await read({ [FILE]: bytes })).toMatchObject({
      environment: null,
      problem: { path: FILE, message },
    })
  })

  it('that is a directory says nothing', async () => {
    expect(await read({ [`${FILE}/a`]: 'x' })).toMatchObject({
      environment: { models: {}, releases: {} },
      problem: null,
    })
  })
})
