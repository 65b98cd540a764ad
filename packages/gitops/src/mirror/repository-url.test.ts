import { describe, expect, it } from 'vitest'
import { checkBranchName, parseRepositoryUrl } from './repository-url.ts'

describe('parseRepositoryUrl', () => {
  it.each([
    ['https://github.com/team/models.git', 'https'],
    ['https://token@github.com/team/models.git', 'https'],
    ['ssh://git@example.org:2222/models.git', 'ssh'],
    ['git@github.com:team/models.git', 'ssh'],
    ['example.org:models.git', 'ssh'],
  ])('lets %s through for %s only', (url, protocol) => {
    expect(parseRepositoryUrl(url)).toEqual({ url, protocols: [protocol], localPath: undefined })
  })

  it.each([
    'ext::sh -c touch% /tmp/x',
    'ext::sh',
    'fd::17',
    '--upload-pack=touch /tmp/x',
    '-u',
    'http://example.org/models.git',
    'git://example.org/models.git',
    'ftp://example.org/models.git',
    'ssh://-oProxyCommand=touch/models.git',
    'ssh://-oProxyCommand@example.org/models.git',
    'ssh://%2DoProxyCommand@example.org/models.git',
    '-oProxyCommand=x@example.org:models.git',
    'git@-oProxyCommand=x:models.git',
    'git@example.org:-models.git',
    'https://exa mple.org/models.git',
    'https://example.org/a\nb',
    'relative/path',
    '../up',
    '',
  ])('refuses %j', (url) => {
    expect(() => parseRepositoryUrl(url, { allowLocal: true })).toThrow(/refused/)
  })

  it('permits a local repository only when told so', () => {
    expect(() => parseRepositoryUrl('/srv/models.git')).toThrow(/local paths are not permitted/)
    expect(() => parseRepositoryUrl('file:///srv/models.git')).toThrow(/local paths are not permitted/)
    const expected = { url: '/srv/my models.git', protocols: ['file'], localPath: '/srv/my models.git' }
    expect(parseRepositoryUrl('/srv/my models.git', { allowLocal: true })).toEqual(expected)
    expect(parseRepositoryUrl('file:///srv/my%20models.git', { allowLocal: true })).toEqual(expected)
  })

  it('never repeats a password in its message', () => {
    expect(() => parseRepositoryUrl('http://me:hunter2@example.org/x')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })
})

describe('checkBranchName', () => {
  it.each(['main', 'release/2026.1', 'feature_x'])('takes %s', (branch) => {
    expect(checkBranchName(branch)).toBe(branch)
  })
  it.each(['-f', '', 'a..b', 'a b', 'a*', 'a:b', 'a.lock', 'a/', '/a', 'a//b', 'a/.b', 'a@{1}', '^a', '+a'])(
    'refuses %j',
    (branch) => {
      expect(() => checkBranchName(branch)).toThrow(/not a branch name/)
    },
  )
})
