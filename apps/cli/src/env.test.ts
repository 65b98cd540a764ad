import { describe, expect, it } from 'vitest'
import { readEnvironment } from './env.ts'

describe('readEnvironment', () => {
  it('needs nothing to be set', () => {
    expect(readEnvironment('/project', {})).toMatchObject({
      dataDir: '/project/.understudy',
      databaseUrl: undefined,
      environment: 'production',
      repoBranch: 'main',
      restPort: 8501,
      consolePort: 3000,
      pollIntervalMs: 15_000,
      parentPipe: false,
    })
  })

  it('counts an empty variable as unset', () => {
    expect(readEnvironment('/project', { DATABASE_URL: '', UNDERSTUDY_REST_PORT: '' })).toMatchObject({
      databaseUrl: undefined,
      restPort: 8501,
    })
  })

  it.each([
    [
      { UNDERSTUDY_REST_PORT: '70000' },
      'UNDERSTUDY_REST_PORT is a whole number from 1 to 65535, not "70000".',
    ],
    [
      { UNDERSTUDY_CONSOLE_PORT: '3000x' },
      'UNDERSTUDY_CONSOLE_PORT is a whole number from 1 to 65535, not "3000x".',
    ],
    [
      { DATABASE_URL: 'mysql://secret@x/y' },
      'DATABASE_URL is a URL such as postgresql://user:password@host:5432/database.',
    ],
  ])('names the variable that makes no sense in %o', (source, message) => {
    expect(() => readEnvironment('/project', source)).toThrow(message)
  })

  it('passes on what children need and no secrets of the shell', () => {
    const { passedOn } = readEnvironment('/project', {
      PATH: '/bin',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      AWS_SECRET_ACCESS_KEY: 'secret',
      NODE_OPTIONS: '--inspect',
    })
    expect(passedOn).toEqual({ PATH: '/bin', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })
  })
})
