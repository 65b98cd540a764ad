import os from 'node:os'
import path from 'node:path'
import { isLoopbackHost, PlatformError } from '@understudy/core'

/** Everything the command line takes from its environment; nothing else of it is read, and nothing else passed on. */
export interface CliEnvironment {
  /** The one folder of all data, absolute. */
  readonly dataDir: string
  /** A database of the user's own; undefined: the embedded one. */
  readonly databaseUrl: string | undefined
  readonly environment: string
  /** A models repository of the user's own; undefined: the embedded one. */
  readonly repoUrl: string | undefined
  readonly repoBranch: string
  readonly restPort: number
  /** Port of predictions over gRPC; of several nodes each has one of its own. */
  readonly grpcPort: number
  readonly consolePort: number
  /** Where a running platform's console answers. */
  readonly consoleUrl: string
  /** Where a running serving node answers. */
  readonly servingUrl: string
  /** Address that the serving node listens on. */
  readonly restHost: string
  /** Certificate and key of the serving node, absolute; undefined: it speaks plain HTTP. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Predictions need an API key. */
  readonly predictNeedsKey: boolean
  /** API key for our own predictions. */
  readonly apiKey: string | undefined
  /** The installation's secret; undefined: that of `secret.key`. */
  readonly secretKey: string | undefined
  /** Port of the embedded PostgreSQL; undefined: any free one, kept from start to start. */
  readonly postgresPort: number | undefined
  readonly pollIntervalMs: number
  readonly logLevel: string
  /** Who sits at this machine: acts as `local:<os user>`. */
  readonly osUser: string
  /** End when stdin closes, because the process that started us holds its other end. */
  readonly parentPipe: boolean
  /** Everything, for git run on a person's behalf: the Git package takes its allow-list out of it. */
  readonly host: Readonly<Record<string, string | undefined>>
  /** Variables that every child process gets as they are. */
  readonly passedOn: Readonly<Record<string, string>>
  /** Whom the controller tells of what: secrets and addresses, for it alone. */
  readonly notify: Readonly<Record<string, string>>
}

/** Our own variables too: a process may know options that the command line does not. */
const PASSED_ON = /^(PATH|HOME|TZ|LANG|(OTEL|UNDERSTUDY)_[A-Z0-9_]+)$/
/** Secrets: who needs one gets it, or what is derived from it, by itself. */
const KEPT_BACK: readonly string[] = [
  'UNDERSTUDY_SECRET_KEY',
  'UNDERSTUDY_KEY_CHECK_KEY',
  'UNDERSTUDY_OVERRIDE_KEY',
  'UNDERSTUDY_API_KEY',
]
const NOTIFY = /^UNDERSTUDY_NOTIFY_[A-Z_]+$/
const LOG_LEVELS = ['debug', 'info', 'warn', 'error']

/**
 * Reads the environment; an empty variable counts as unset.
 *
 * @param projectRoot the default data folder is `.understudy` in it.
 * @throws PlatformError `up.invalid_option` naming the variable
 */
export function readEnvironment(
  projectRoot: string,
  source: NodeJS.ProcessEnv = process.env,
): CliEnvironment {
  const text = (name: string) => source[name] || undefined
  const restPort = port('UNDERSTUDY_REST_PORT', text('UNDERSTUDY_REST_PORT')) ?? 8501
  const grpcPort = port('UNDERSTUDY_GRPC_PORT', text('UNDERSTUDY_GRPC_PORT')) ?? 8500
  const consolePort = port('UNDERSTUDY_CONSOLE_PORT', text('UNDERSTUDY_CONSOLE_PORT')) ?? 3000
  const restHost = text('UNDERSTUDY_REST_HOST') ?? '127.0.0.1'
  const tls = tlsFiles(text('UNDERSTUDY_TLS_CERT_FILE'), text('UNDERSTUDY_TLS_KEY_FILE'))
  return {
    dataDir: path.resolve(text('UNDERSTUDY_DATA_DIR') ?? path.join(projectRoot, '.understudy')),
    databaseUrl: databaseUrl(text('DATABASE_URL')),
    environment: text('UNDERSTUDY_ENVIRONMENT') ?? 'production',
    repoUrl: text('UNDERSTUDY_REPO_URL'),
    repoBranch: text('UNDERSTUDY_REPO_BRANCH') ?? 'main',
    restPort,
    grpcPort,
    consolePort,
    consoleUrl: `http://127.0.0.1:${consolePort}`,
    servingUrl: servingUrl(restHost, restPort, tls !== undefined),
    restHost,
    tls,
    predictNeedsKey: text('UNDERSTUDY_PREDICT_AUTH') === 'required' || !isLoopbackHost(restHost),
    apiKey: text('UNDERSTUDY_API_KEY'),
    secretKey: text('UNDERSTUDY_SECRET_KEY'),
    postgresPort: port('UNDERSTUDY_POSTGRES_PORT', text('UNDERSTUDY_POSTGRES_PORT')),
    pollIntervalMs:
      integer('UNDERSTUDY_POLL_INTERVAL_MS', text('UNDERSTUDY_POLL_INTERVAL_MS'), [100, 86_400_000]) ??
      15_000,
    logLevel: logLevel(text('LOG_LEVEL')),
    osUser: text('UNDERSTUDY_OS_USER') ?? osUser(),
    parentPipe: source.UNDERSTUDY_PARENT_PIPE === '1',
    host: source,
    passedOn: variables(
      source,
      (name) => PASSED_ON.test(name) && !NOTIFY.test(name) && !KEPT_BACK.includes(name),
    ),
    notify: variables(source, (name) => NOTIFY.test(name)),
  }
}

function variables(source: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(source).flatMap(([name, value]) => (value && wanted(name) ? [[name, value]] : [])),
  )
}

/** Where this machine reaches a node that listens on `host`. */
function servingUrl(host: string, restPort: number, hasTls: boolean): string {
  const isWildcard = host === '0.0.0.0' || host === '::'
  const name = isWildcard ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `${hasTls ? 'https' : 'http'}://${name}:${restPort}`
}

function tlsFiles(certFile: string | undefined, keyFile: string | undefined): CliEnvironment['tls'] {
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile: path.resolve(certFile), keyFile: path.resolve(keyFile) }
  }
  if (certFile === undefined && keyFile === undefined) return undefined
  throw new PlatformError(
    'up.invalid_option',
    'UNDERSTUDY_TLS_CERT_FILE and UNDERSTUDY_TLS_KEY_FILE belong together: set both or none.',
  )
}

function port(name: string, value: string | undefined): number | undefined {
  return integer(name, value, [1, 65_535])
}

function integer(
  name: string,
  value: string | undefined,
  [min, max]: readonly [number, number],
): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= min && number <= max) return number
  throw new PlatformError(
    'up.invalid_option',
    `${name} is a whole number from ${min} to ${max}, not "${value}".`,
  )
}

function logLevel(value = 'info'): string {
  if (LOG_LEVELS.includes(value)) return value
  throw new PlatformError(
    'up.invalid_option',
    `LOG_LEVEL is one of ${LOG_LEVELS.join(', ')}, not "${value}".`,
  )
}

function databaseUrl(value: string | undefined): string | undefined {
  if (value === undefined || (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value))) return value
  throw new PlatformError(
    'up.invalid_option',
    'DATABASE_URL is a URL such as postgresql://user:password@host:5432/database.',
  )
}

function osUser(): string {
  try {
    return os.userInfo().username
  } catch {
    // A uid without an entry has no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
