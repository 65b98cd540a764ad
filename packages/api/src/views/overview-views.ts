import type { GateView } from './analysis-views.ts'
import type { ModelRow } from './model-views.ts'

/** One line of what waits for a person, the most urgent first. */
export interface NeedsYouItem {
  readonly kind: 'approval' | 'paused' | 'rejected' | 'held' | 'repository'
  readonly model: string | null
  readonly sentence: string
  readonly detail: string
  readonly rolloutId: string | null
  readonly gates: readonly GateView[]
}

/** One entry of the audit log. `at` is ISO 8601. */
export interface AuditEntryView {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly model: string | null
  readonly version: number | null
  readonly sentence: string
  readonly reason: string | null
  readonly hash: string
}

export interface AuditPage {
  readonly entries: readonly AuditEntryView[]
  readonly total: number
  /** Sequence number to ask for the next page with; null at the end. */
  readonly next: number | null
}

/** What was live at a moment. */
export interface LiveAtView {
  readonly at: string
  readonly models: readonly {
    readonly model: string
    readonly number: number
    readonly digest: string
    readonly since: string
    readonly actor: string
    readonly kind: string
  }[]
}

export interface PlatformView {
  readonly environment: string
  /** Who acts: `local:<os user>` until there is a login. */
  readonly actor: string
  readonly nodes: { readonly ready: number; readonly total: number }
  readonly repository: {
    readonly url: string
    readonly branch: string
    readonly cloneCommand: string
    readonly commit: string | null
    readonly syncedAt: string | null
    readonly problem: string | null
    readonly stalled: boolean
  } | null
  readonly servingUrl: string
  readonly needsYouCount: number
  readonly openRolloutCount: number
}

export interface OverviewView {
  readonly needsYou: readonly NeedsYouItem[]
  readonly models: readonly ModelRow[]
  readonly recent: readonly AuditEntryView[]
}
