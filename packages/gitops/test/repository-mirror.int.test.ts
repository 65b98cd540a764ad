import { execFile } from 'node:child_process'
import { chown, lchown, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { GitRepository } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RepositoryMirror } from '../src/mirror/repository-mirror.ts'

let repository: GitRepository
let folder: string

beforeEach(async () => {
  repository = await GitRepository.create()
  folder = path.join(repository.folder, 'data', 'mirror')
})
afterEach(() => repository.dispose())

function mirrorOf(url = repository.bare, branch = 'main'): RepositoryMirror {
  return new RepositoryMirror({ url, branch, folder, allowLocal: true })
}

async function read(mirror: RepositoryMirror, oid: string): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of mirror.openBlob(oid)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('RepositoryMirror', () => {
  it('follows a branch from push to push and reads exact bytes without a checkout', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 0, 128])
    await repository.write({ '.gitattributes': '* text=auto eol=crlf\n' })
    const first = await repository.pushFiles({ 'models/iris/1/model.onnx': bytes }, 'Iris 1')
    const mirror = mirrorOf()
    expect(await mirror.fetch()).toEqual({ commit: first, previous: undefined, rewritten: false })
    const second = await repository.pushFiles({ 'README.md': 'x' }, 'Readme')
    expect(await mirror.fetch()).toEqual({ commit: second, previous: first, rewritten: false })
    expect(await mirror.fetch()).toEqual({ commit: second, previous: second, rewritten: false })

    const [entry] = await mirror.readTree(second)
    expect(entry).toMatchObject({ mode: '100644', path: 'models/iris/1/model.onnx', sizeBytes: 6 })
    const chunks: Uint8Array[] = []
    for await (const chunk of mirror.openBlob(entry?.oid ?? '')) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(bytes)
    expect(await mirror.lastCommitFor(second, 'models/iris/1')).toBe(first)
    expect(await mirror.commitInfo(first)).toMatchObject({
      authorName: 'Ada',
      authorEmail: 'ada@example.org',
      subject: 'Iris 1',
    })
  })

  it('says that the branch is missing when the repository is empty or the branch has another name', async () => {
    await expect(mirrorOf().fetch()).rejects.toMatchObject({ code: 'gitops.branch_missing' })
    await repository.pushFiles({ a: 'b' })
    await expect(mirrorOf(repository.bare, 'other').fetch()).rejects.toMatchObject({
      code: 'gitops.branch_missing',
    })
    expect((await mirrorOf().fetch()).rewritten).toBe(false)
  })

  it('reports a rewritten branch again and again until the new history is accepted', async () => {
    await repository.pushFiles({ a: '1' })
    const old = await repository.pushFiles({ a: '2' })
    const mirror = mirrorOf()
    await mirror.fetch()
    await repository.git('reset', '--hard', '-q', 'HEAD~1')
    await repository.write({ a: '3' })
    const tip = await repository.commit()
    await repository.push({ force: true })
    const rewritten = { commit: tip, previous: old, rewritten: true }
    expect(await mirror.fetch()).toEqual(rewritten)
    expect(await mirrorOf().fetch()).toEqual(rewritten)
    expect(await mirror.fetch({ accepted: old })).toEqual(rewritten)
    expect(await mirror.fetch({ accepted: tip })).toMatchObject({ commit: tip, rewritten: false })
    expect(await mirror.fetch()).toMatchObject({ previous: tip, rewritten: false })
  })

  it('sees a rewrite by the accepted commit even when its own folder was lost', async () => {
    const old = await repository.pushFiles({ a: '1' })
    const mirror = mirrorOf()
    await mirror.fetch()
    await repository.git('commit', '--amend', '-q', '-m', 'other')
    await repository.push({ force: true })
    await rm(folder, { recursive: true })
    expect(await mirrorOf().fetch({ accepted: old })).toMatchObject({ previous: old, rewritten: true })
  })

  it('is made again from any wreck: stale locks, a half-made folder, lost objects', async () => {
    const commit = await repository.pushFiles({ 'models/iris/1/model.onnx': 'bytes' })
    const git = path.join(folder, 'mirror.git')
    await mkdir(git, { recursive: true })
    await writeFile(path.join(git, 'HEAD'), '')
    const mirror = mirrorOf()
    expect((await mirror.fetch()).commit).toBe(commit)

    const next = await repository.pushFiles({ b: '1' })
    await writeFile(path.join(git, 'refs/heads/main.lock'), '')
    await writeFile(path.join(git, 'packed-refs.lock'), '')
    expect((await mirror.fetch()).commit).toBe(next)

    for (const name of await readdir(path.join(git, 'objects'))) {
      await rm(path.join(git, 'objects', name), { recursive: true })
    }
    await expect(mirror.readTree(next)).rejects.toMatchObject({ code: 'gitops.mirror_damaged' })
    expect((await mirror.fetch()).commit).toBe(next)
    expect(await mirror.readTree(next)).toHaveLength(1)
  })

  it('runs no hook and no configuration of the repository or the machine', async () => {
    const mark = path.join(repository.folder, 'ran')
    const script = `#!/bin/sh\ntouch ${mark}\n`
    await repository.pushFiles({ a: '1' })
    const mirror = mirrorOf()
    await mirror.fetch()
    for (const hook of ['post-checkout', 'reference-transaction', 'post-update']) {
      await mkdir(path.join(folder, 'mirror.git/hooks'), { recursive: true })
      await writeFile(path.join(folder, 'mirror.git/hooks', hook), script, { mode: 0o755 })
    }
    await repository.pushFiles({ a: '2' })
    await mirror.fetch()
    await expect(stat(mark)).rejects.toThrow()
  })

  it('fails with what git said, without credentials, when the remote is away', async () => {
    await expect(mirrorOf(path.join(repository.folder, 'nowhere.git')).fetch()).rejects.toMatchObject({
      code: 'gitops.fetch_failed',
      message: expect.stringContaining('does not appear to be a git repository'),
    })
    await expect(
      new RepositoryMirror({ url: 'https://me:hunter2@127.0.0.1:9/x.git', branch: 'main', folder }).fetch(),
    ).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') })
  })

  it('names a missing git instead of a failed fetch', async () => {
    const mirror = new RepositoryMirror({
      url: repository.bare,
      branch: 'main',
      folder,
      allowLocal: true,
      environment: { PATH: '/nowhere' },
    })
    await expect(mirror.fetch()).rejects.toMatchObject({ code: 'gitops.git_missing' })
    await expect(mirror.readTree('0'.repeat(40))).rejects.toMatchObject({ code: 'gitops.git_missing' })
  })

  it('gives up a fetch when told to', async () => {
    await repository.pushFiles({ a: '1' })
    const signal = AbortSignal.abort()
    await expect(mirrorOf().fetch({ signal })).rejects.toMatchObject({ code: 'gitops.fetch_failed' })
  })

  it('reads two objects at once, and stops reading when the consumer does', async () => {
    await repository.pushFiles({ 'models/a/1/model.onnx': 'x'.repeat(3_000_000), 'models/a/1/b': 'small' })
    const mirror = mirrorOf()
    const { commit } = await mirror.fetch()
    const [small, big] = await mirror.readTree(commit)
    for await (const chunk of mirror.openBlob(big?.oid ?? '')) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(await read(mirror, small?.oid ?? '')).toBe('small')
    const blobs = await mirror.readSmallBlobs([small?.oid ?? '', big?.oid ?? ''], 4_000_000)
    expect([...blobs.values()].map((blob) => blob.length)).toEqual([5, 3_000_000])
    await expect(mirror.readSmallBlobs([big?.oid ?? ''], 1_000)).rejects.toMatchObject({
      code: 'gitops.file_too_large',
    })
  })

  it('mirrors a repository that belongs to another user', async () => {
    const commit = await repository.pushFiles({ 'models/iris/1/model.onnx': 'bytes' })
    const mirror = mirrorOf()
    if (os.userInfo().uid === 0) {
      const names = await readdir(repository.bare, { recursive: true })
      for (const name of names) await lchown(path.join(repository.bare, name), 65534, 65534)
      await chown(repository.bare, 65534, 65534)
      expect((await mirror.fetch()).commit).toBe(commit)
      expect((await mirrorOf(`file://${repository.bare}`).fetch()).commit).toBe(commit)
      await chown(path.join(folder, 'mirror.git'), 65534, 65534)
      expect(await mirror.readTree(commit)).toHaveLength(1)
      return
    }
    // Only root can give files away: anyone else asks git itself to take every repository for a stranger's.
    await mirror.ensure()
    const environment = { PATH: '/usr/bin:/bin', GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }
    const lsRemote = (home: string) =>
      promisify(execFile)('git', ['ls-remote', repository.bare], { env: { ...environment, HOME: home } })
    await expect(lsRemote('/nowhere')).rejects.toThrow(/dubious ownership/)
    expect((await lsRemote(path.join(folder, 'home'))).stdout).toContain(commit)
  })
})
