import { TRPCClientError } from '@trpc/client'

/** What a page shows of a refused or failed request. */
export interface ControlFailure {
  readonly message: string
  /** The registered code, such as `rollout.stale_decision`; undefined when the console was not reached. */
  readonly code: string | undefined
  readonly id: string | undefined
}

const NOT_REACHED =
  'The console does not answer. Nothing is known to have changed; look again when it is back.'

/** Reads the registered code, the sentence and the id out of whatever a request threw. */
export function controlFailure(error: unknown): ControlFailure {
  if (!(error instanceof TRPCClientError)) {
    return { message: error instanceof Error ? error.message : String(error), code: undefined, id: undefined }
  }
  const data: unknown = error.data
  if (!isRecord(data)) return { message: NOT_REACHED, code: undefined, id: undefined }
  const issue =
    typeof data.understudyCode === 'string' ? error.message : (firstIssue(error.message) ?? error.message)
  return { message: issue, code: text(data.understudyCode), id: text(data.id) }
}

/** The sentence inside the JSON list of issues that a refused input carries as its message. */
function firstIssue(message: string): string | undefined {
  if (!message.startsWith('[')) return undefined
  try {
    const issues: unknown = JSON.parse(message)
    const first: unknown = Array.isArray(issues) ? issues[0] : undefined
    return isRecord(first) ? text(first.message) : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
