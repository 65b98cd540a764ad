import { describe, expect, it } from 'vitest'
import { shownUrl } from './shown-url.ts'

describe('shownUrl', () => {
  it.each([
    ['https://ada:s3cret@git.example.org/models.git', 'https://git.example.org/models.git'],
    ['https://t0ken@git.example.org/models.git', 'https://git.example.org/models.git'],
    ['https://ada:s3@cret@git.example.org/m.git', 'https://git.example.org/m.git'],
    ['ssh://git:s3cret@git.example.org/models.git', 'ssh://git@git.example.org/models.git'],
  ])('of %s tells no secret', (url, shown) => {
    expect(shownUrl(url)).toBe(shown)
  })

  it.each([
    'https://git.example.org/models@v1.git',
    'git@git.example.org:team/models.git',
    'file:///srv/models.git',
    '/srv/my@models.git',
  ])('leaves %s as it is', (url) => {
    expect(shownUrl(url)).toBe(url)
  })
})
