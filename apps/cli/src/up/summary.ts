/** A first request that works when pasted: setosa, by Fisher's measurements. */
export const FIRST_REQUEST = { model: 'iris', body: '{"instances": [[5.1, 3.5, 1.4, 0.2]]}' } as const

export interface SummaryFacts {
  /** Where predictions are answered. */
  readonly servingUrl: string
  /** Of each node. */
  readonly grpcPorts: readonly number[]
  /** They need an API key. */
  readonly needsKey: boolean
  readonly consolePort: number
  readonly nodes: number
  /** The embedded repository; undefined when the user brought one. */
  readonly modelsRepository: string | undefined
  readonly repoUrl: string
  readonly dataDir: string
  /** Whether the first request was answered just now. */
  readonly answered: boolean
}

/** What a person needs next, as the last thing on the screen. The request stands there only if it works. */
export function summary(facts: SummaryFacts): string {
  const { servingUrl, grpcPorts, consolePort, nodes, modelsRepository, repoUrl, dataDir } = facts
  const models = modelsRepository
    ? [
        `  Models    git clone ${shellWord(modelsRepository)} my-models`,
        '            add my-models/models/<name>/<number>/model.onnx, commit, git push',
      ]
    : [`  Models    ${withoutPassword(repoUrl)}`]
  return [
    'Understudy is running.',
    '',
    `  Console   http://127.0.0.1:${consolePort}`,
    ...models,
    ...(nodes > 1 ? [`  Nodes     ${nodes}, behind a balancer on ${new URL(servingUrl).host}`] : []),
    `  REST      ${servingUrl}`,
    `  gRPC      ${grpcPorts.map((port) => `${new URL(servingUrl).hostname}:${port}`).join(', ')}${servingUrl.startsWith('https:') ? ', over TLS' : ''}`,
    `  Data      ${dataDir}`,
    '',
    ...predictLines(facts),
    '',
    'Clients of TensorFlow Serving, Triton, KServe and tRPC: docs/how-to.',
    'Ctrl-C stops everything; the data stays.',
  ].join('\n')
}

export function predictUrl(servingUrl: string, model: string): string {
  return `${servingUrl}/v1/models/${model}:predict`
}

function predictLines({ servingUrl, needsKey, modelsRepository, answered }: SummaryFacts): string[] {
  const isEmbedded = modelsRepository !== undefined
  // The certificate is for the name by which others know this machine.
  const options = `${servingUrl.startsWith('https:') ? '-sk' : '-s'}${needsKey ? ' -H "Authorization: Bearer <key>"' : ''}`
  const curl = (model: string, body: string) =>
    `  curl ${options} ${predictUrl(servingUrl, model)} -d '${body}'`
  const first = isEmbedded
    ? curl(FIRST_REQUEST.model, FIRST_REQUEST.body)
    : curl('<model>', '{"instances": [...]}')
  if (needsKey) {
    const create = '  npx --no-install understudy key create --name <name>'
    return ['Make an API key, then ask for a prediction:', '', create, first]
  }
  if (answered || !isEmbedded) return ['Ask for a prediction:', '', first]
  return [
    `The model ${FIRST_REQUEST.model} does not answer yet; this says what it waits for:`,
    '',
    `  npx --no-install understudy why ${FIRST_REQUEST.model}`,
  ]
}

/** A word as a shell reads it back. */
function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.password = ''
  return parsed.href
}
