export const NOTIFICATION_KINDS = [
  'needsApproval',
  'promoted',
  'failed',
  'rolledBack',
  'driftTooLong',
  'holdExpired',
  'nodeUnreachable',
  'qualityWorse',
] as const
/** What people are told of. */
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number]

/** One event as people are told of it. */
export interface Notification {
  readonly kind: NotificationKind
  /** Equal for the same event, and for no other: it is told once. */
  readonly dedupKey: string
  /** Null: it is about no single model. */
  readonly model: string | null
  readonly version: number | null
  /** A few words: the subject of an e-mail. */
  readonly title: string
  /** One sentence that says what happened. */
  readonly sentence: string
  /** Where the console shows it: a path from its root. */
  readonly path: string
  /** The facts, for programs. */
  readonly details: Readonly<Record<string, unknown>>
}
