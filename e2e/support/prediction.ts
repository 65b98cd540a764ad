import { SERVED_BY_HEADERS } from '@understudy/core'

/** One answer of the predict API, whatever it says. */
export interface Prediction {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
  /** Who answered, as the headers say. */
  readonly version: number | null
  readonly digest: string | null
  readonly generation: number | null
}

export interface PredictOptions {
  /** An explicit number; live when left out. */
  readonly version?: number
  readonly headers?: Readonly<Record<string, string>>
  /** @defaultValue 10000 */
  readonly timeoutMs?: number
}

/** Asks for one prediction over REST. A text is sent as it is. */
export async function predict(
  restUrl: string,
  model: string,
  body: unknown,
  options: PredictOptions = {},
): Promise<Prediction> {
  const at = options.version === undefined ? '' : `/versions/${options.version}`
  const response = await fetch(`${restUrl}/v1/models/${model}${at}:predict`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...options.headers },
    signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? null : JSON.parse(text),
    headers: response.headers,
    version: numberOf(response.headers.get(SERVED_BY_HEADERS.version)),
    digest: response.headers.get(SERVED_BY_HEADERS.digest),
    generation: numberOf(response.headers.get(SERVED_BY_HEADERS.generation)),
  }
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text)
}
