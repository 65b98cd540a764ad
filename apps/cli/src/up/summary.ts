/** A first request that works when pasted: setosa, by Fisher's measurements. */
export const FIRST_REQUEST = { model: 'iris', body: '{"instances": [[5.1, 3.5, 1.4, 0.2]]}' } as const

export interface SummaryFacts {
  readonly restPort: number
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
  const { restPort, consolePort, nodes, modelsRepository, repoUrl, dataDir, answered } = facts
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
    ...(nodes > 1 ? [`  Nodes     ${nodes}, behind a balancer on 127.0.0.1:${restPort}`] : []),
    `  Data      ${dataDir}`,
    '',
    ...predictLines(restPort, { answered, embedded: modelsRepository !== undefined }),
    '',
    'Ctrl-C stops everything; the data stays.',
  ].join('\n')
}

export function predictUrl(restPort: number, model: string): string {
  return `http://127.0.0.1:${restPort}/v1/models/${model}:predict`
}

function predictLines(
  restPort: number,
  on: { readonly answered: boolean; readonly embedded: boolean },
): string[] {
  const curl = (model: string, body: string) => `  curl -s ${predictUrl(restPort, model)} -d '${body}'`
  if (on.answered) return ['Ask for a prediction:', '', curl(FIRST_REQUEST.model, FIRST_REQUEST.body)]
  if (!on.embedded) return ['Ask for a prediction:', '', curl('<model>', '{"instances": [...]}')]
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
