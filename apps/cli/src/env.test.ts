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

  it.each([
    [{}, 'http://127.0.0.1:8501', false],
    [{ UNDERSTUDY_REST_HOST: '0.0.0.0' }, 'http://127.0.0.1:8501', true],
    [{ UNDERSTUDY_REST_HOST: '10.1.2.3' }, 'http://10.1.2.3:8501', true],
    [{ UNDERSTUDY_REST_HOST: '::1' }, 'http://[::1]:8501', false],
    [{ UNDERSTUDY_PREDICT_AUTH: 'required' }, 'http://127.0.0.1:8501', true],
    [
      { UNDERSTUDY_TLS_CERT_FILE: '/tls/c.pem', UNDERSTUDY_TLS_KEY_FILE: '/tls/k.pem' },
      ...['https://127.0.0.1:8501', false],
    ],
  ] as const)(
    'knows where the node answers with %o, and whether a key is needed',
    (source, url, needsKey) => {
      expect(readEnvironment('/project', source)).toMatchObject({
        servingUrl: url,
        predictNeedsKey: needsKey,
      })
    },
  )

  it('wants both files for TLS, or none', () => {
    const half = { UNDERSTUDY_TLS_CERT_FILE: 'c.pem' }
    expect(() => readEnvironment('/project', half)).toThrow('set both or none')
  })

  it('keeps its secrets to itself', () => {
    const secrets = {
      ...{ UNDERSTUDY_SECRET_KEY: 's', UNDERSTUDY_KEY_CHECK_KEY: 'c', UNDERSTUDY_API_KEY: 'a' },
      UNDERSTUDY_OVERRIDE_KEY: 'o',
    }
    expect(readEnvironment('/project', secrets).passedOn).toEqual({})
  })

  it('keeps for the controller whom it tells: nodes and console learn no address and no secret of theirs', () => {
    const notify = {
      ...{ UNDERSTUDY_NOTIFY_WEBHOOK_URL: 'https://x.example', UNDERSTUDY_NOTIFY_WEBHOOK_SECRET: 's' },
      ...{ UNDERSTUDY_NOTIFY_SMTP_URL: 'smtp://u:p@x' },
    }
    const read = readEnvironment('/project', { ...notify, UNDERSTUDY_DRIFT_ALARM: '2h' })
    expect(read.notify).toEqual(notify)
    expect(read.passedOn).toEqual({ UNDERSTUDY_DRIFT_ALARM: '2h' })
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
