import { execFile } from 'node:child_process'
import { chmod, chown, lchown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { GitRepository, waitFor } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkGit, createModelsRepository, RepositoryMirror, watchPushes } from '../src/index.ts'

let repository: GitRepository
let target: string
let template: string
const author = { name: 'Understudy', email: 'understudy@localhost' }

beforeEach(async () => {
  repository = await GitRepository.create()
  target = path.join(repository.folder, 'data/models.git')
  template = path.join(repository.folder, 'template')
  await mkdir(path.join(template, 'models/iris/1'), { recursive: true })
  await mkdir(path.join(template, 'next/iris/2'), { recursive: true })
  await writeFile(path.join(template, 'models/iris/1/model.onnx'), Buffer.from([0, 13, 10, 255]))
  await writeFile(path.join(template, 'next/iris/2/model.onnx'), 'next')
  await writeFile(path.join(template, 'README.md'), 'a\r\nb\n')
})
afterEach(() => repository.dispose())

const create = () => createModelsRepository({ path: target, templateDir: template, author })

/** Makes the fixture's clone a clone of the made repository. */
async function adopt(): Promise<void> {
  await repository.git('remote', 'set-url', 'origin', target)
  await repository.git('pull', '-q', 'origin', 'main')
}

describe('createModelsRepository', () => {
  it('makes a repository of the template, without what is left out, byte by byte', async () => {
    expect(await create()).toEqual({ path: target, branch: 'main', created: true })
    const mirror = new RepositoryMirror({
      url: target,
      branch: 'main',
      folder: path.join(repository.folder, 'm'),
      allowLocal: true,
    })
    const { commit } = await mirror.fetch()
    const entries = await mirror.readTree(commit)
    expect(entries.map((one) => one.path)).toEqual(['models/iris/1/model.onnx'])
    const [oid = ''] = entries.map((one) => one.oid)
    expect((await mirror.readSmallBlobs([oid], 100)).get(oid)).toEqual(Buffer.from([0, 13, 10, 255]))
    await adopt()
    expect((await readdir(repository.clone)).sort()).toEqual(['.git', 'README.md', 'models'])
    expect(await readFile(path.join(repository.clone, 'README.md'), 'utf8')).toBe('a\r\nb\n')
    expect(await readdir(path.dirname(target))).toEqual(['models.git'])
    expect(await mirror.commitInfo(commit)).toMatchObject({ authorName: 'Understudy' })
  })

  it('leaves a repository that is there as it is, apart from a missing hook', async () => {
    await create()
    await adopt()
    const pushed = await repository.pushFiles({ 'models/iris/2/model.onnx': 'two' })
    await rm(path.join(target, 'hooks/post-receive'))
    expect(await create()).toMatchObject({ created: false })
    expect((await readFile(path.join(target, 'refs/heads/main'), 'utf8')).trim()).toBe(pushed)
    expect((await stat(path.join(target, 'hooks/post-receive'))).mode & 0o777).toBe(0o755)
  })

  it('removes what a crash left half made and begins again', async () => {
    const leftover = path.join(path.dirname(target), '.tmp-models.git-dead')
    await mkdir(path.join(leftover, 'models.git'), { recursive: true })
    await create()
    expect(await readdir(path.dirname(target))).toEqual(['models.git'])
  })

  it('touches nothing of a folder that holds something else', async () => {
    await mkdir(target, { recursive: true })
    await writeFile(path.join(target, 'thesis.txt'), 'years of work')
    await expect(create()).rejects.toMatchObject({ code: 'gitops.repository_unusable' })
    expect(await readdir(target)).toEqual(['thesis.txt'])
  })

  it('names a missing git', async () => {
    const environment = { PATH: '/nowhere' }
    await expect(checkGit(environment)).rejects.toMatchObject({ code: 'gitops.git_missing' })
    await expect(
      createModelsRepository({ path: target, templateDir: template, author, environment }),
    ).rejects.toMatchObject({
      code: 'gitops.git_missing',
    })
    expect(await readdir(path.dirname(target))).toEqual([])
    expect(await checkGit()).toMatch(/^\d+\.\d+/)
  })
})

describe('watchPushes', () => {
  it('notices each push and stays silent after its signal', async () => {
    await create()
    await adopt()
    const stop = new AbortController()
    let pushes = 0
    expect(watchPushes(target, () => pushes++, stop.signal)).toBe(true)
    await repository.pushFiles({ a: '1' })
    await waitFor('the first push', () => pushes >= 1)
    const seen = pushes
    await repository.pushFiles({ a: '2' })
    await waitFor('the second push', () => pushes > seen)
    stop.abort()
    const last = pushes
    await repository.pushFiles({ a: '3' })
    expect((await stat(path.join(target, 'understudy-push'))).isFile()).toBe(true)
    expect(pushes).toBe(last)
    expect(watchPushes(target, () => undefined, stop.signal)).toBe(false)
  })

  it('does nothing, quietly, where it cannot watch', () => {
    expect(watchPushes('/nowhere/at/all', () => undefined, new AbortController().signal)).toBe(false)
  })

  it('notices a push by another user who may write to the folder', async () => {
    await create()
    if (os.userInfo().uid === 0) {
      await writeFile(path.join(target, 'understudy-push'), '', { mode: 0o644 })
      await chmod(repository.folder, 0o755)
      for (const name of await readdir(target, { recursive: true })) {
        if (name !== 'understudy-push' && name !== 'hooks/post-receive')
          await lchown(path.join(target, name), 65534, 65534)
      }
      await chown(target, 65534, 65534)
      await chown(path.join(target, 'hooks'), 0, 0)
    }
    const stop = new AbortController()
    let pushes = 0
    watchPushes(target, () => pushes++, stop.signal)
    const script = `git clone -q ${target} work && cd work && git -c user.name=b -c user.email=b@c commit -q --allow-empty -m b && git push -q`
    const home = path.join(repository.folder, 'stranger')
    await mkdir(home, { mode: 0o777 })
    await chmod(home, 0o777)
    const uid = os.userInfo().uid === 0 ? { uid: 65534, gid: 65534 } : {}
    await promisify(execFile)('sh', ['-c', script], {
      cwd: home,
      env: { PATH: '/usr/bin:/bin', HOME: home },
      ...uid,
    })
    await waitFor('the push', () => pushes > 0)
    stop.abort()
  })
})
