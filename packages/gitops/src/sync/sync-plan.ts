import type { Problem } from '../snapshot/problem.ts'
import type { VersionSnapshot } from '../snapshot/repository-snapshot.ts'
import type { Refusal } from './recorded-repository.ts'

/** One thing to record. Each is idempotent and concerns one model; those of a model come in the order to apply them. */
export type SyncAction =
  /** A name that no repository has brought before. */
  | { readonly type: 'newModel'; readonly model: string; readonly configText: string | null }
  /** `model.yaml` changed, appeared or (null) disappeared. Versions rejected because of it are validated again. */
  | { readonly type: 'configChanged'; readonly model: string; readonly configText: string | null }
  /** The whole list of what is refused at the tip without being a version on record; it replaces the recorded one. */
  | { readonly type: 'problemsChanged'; readonly model: string; readonly problems: readonly Problem[] }
  /** A number never used before: ingest its bytes, record it as `discovered`, validate it. */
  | {
      readonly type: 'newVersion'
      readonly model: string
      readonly number: number
      readonly version: VersionSnapshot
    }
  /** Other bytes under a used number: refused, the recorded version goes on. */
  | {
      readonly type: 'mutatedVersion'
      readonly model: string
      readonly number: number
      readonly refusal: Refusal
    }
  /** Refused bytes are gone from Git: the recorded ones are back, or the number has left. Clears the refusals. */
  | { readonly type: 'refusalEnded'; readonly model: string; readonly number: number }
  /** Golden samples changed: ingest them and validate again. The digest stays. */
  | {
      readonly type: 'goldenChanged'
      readonly model: string
      readonly number: number
      readonly version: VersionSnapshot
    }
  /** `version.yaml` says another thing than before. Nothing is validated or loaded again. */
  | {
      readonly type: 'notesChanged'
      readonly model: string
      readonly number: number
      readonly variantOf: number | null
    }
  /** The number left Git. Never darkens a model: what is live goes on, as drift. */
  | { readonly type: 'missingVersion'; readonly model: string; readonly number: number }
  /** A number that had left Git is back. */
  | { readonly type: 'returnedVersion'; readonly model: string; readonly number: number }

export interface SyncPlan {
  readonly commit: string
  /** Empty when the record already says what the commit says. */
  readonly actions: readonly SyncAction[]
  /** What is refused at the tip and belongs to no model of this repository: facts to show, not changes. */
  readonly problems: readonly Problem[]
}
