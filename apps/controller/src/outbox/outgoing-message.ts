import type { DeliveryClaim, NotificationKind } from '@understudy/db'

/** A notification as it leaves the house. A webhook gets it as it is. */
export interface OutgoingMessage {
  readonly apiVersion: 'understudy/v1'
  /** The same whenever the same event is sent again. */
  readonly id: string
  readonly kind: NotificationKind
  /** When it happened, ISO 8601. */
  readonly at: string
  readonly environment: string
  readonly model: string | null
  readonly version: number | null
  readonly title: string
  readonly sentence: string
  /** Where the console shows it; null where no address of a console is known. */
  readonly url: string | null
  readonly details: Readonly<Record<string, unknown>>
}

export interface MessageContext {
  readonly environment: string
  readonly consoleUrl: string | undefined
}

/** What is sent of a claim: the same at every attempt. */
export function outgoingMessage(claim: DeliveryClaim, context: MessageContext): OutgoingMessage {
  const { id, kind, model, version, title, sentence, path, details, createdAt } = claim
  const { environment, consoleUrl } = context
  return {
    apiVersion: 'understudy/v1',
    ...{ id, kind, at: createdAt.toISOString(), environment, model, version, title, sentence },
    url: consoleUrl === undefined ? null : `${consoleUrl.replace(/\/+$/, '')}${path}`,
    details,
  }
}
