import { describe, expect, it } from 'vitest'
import { isLoopbackHost } from './loopback-host.ts'

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])('is true for %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example', '', '::ffff:10.0.0.1'])(
    'is false for "%s"',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false)
    },
  )
})
