/** Variables of the machine as an app read them; only the few that git needs are ever taken from it. */
export type HostEnvironment = Readonly<Record<string, string | undefined>>

/** What git and ssh need to reach a remote at all: where programs are, the agent, proxies, certificates. */
const NETWORK = [
  'PATH',
  'SSH_AUTH_SOCK',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
]

/** What a person's own clone needs besides: their identity, signing keys and credential helpers. */
const PERSONAL = ['HOME', 'USER', 'LOGNAME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR', 'GPG_TTY', 'DISPLAY']

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'

function pick(host: HostEnvironment, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = host[name]
    if (value !== undefined) picked[name] = value
  }
  return picked
}

function base(host: HostEnvironment, names: readonly string[]): Record<string, string> {
  return { PATH: DEFAULT_PATH, ...pick(host, names), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
}

/**
 * The environment of the platform's own git: nobody's configuration but the file in `home`, no prompt, named protocols only.
 */
export function isolatedEnvironment(
  host: HostEnvironment,
  options: { readonly home: string; readonly protocols: readonly string[] },
): Record<string, string> {
  return {
    ...base(host, NETWORK),
    HOME: options.home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: options.protocols.join(':'),
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_LAZY_FETCH: '1',
  }
}

/** The environment of git in a person's own clone: their configuration counts, but nothing asks questions. */
export function personalEnvironment(host: HostEnvironment): Record<string, string> {
  return { ...base(host, [...NETWORK, ...PERSONAL]), GIT_LITERAL_PATHSPECS: '1' }
}

/** GIT_* variables that the two environments above may set; every other is stripped before git starts. */
export const ALLOWED_GIT_VARIABLES = [
  'GIT_ALLOW_PROTOCOL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NO_LAZY_FETCH',
  'GIT_TERMINAL_PROMPT',
] as const
