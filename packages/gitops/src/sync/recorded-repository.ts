import type { ErrorCode } from '@understudy/core'
import type { Problem } from '../snapshot/problem.ts'

/** Why something is refused, as the record keeps it. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** One number in the record. Its bytes have been taken: the number is used for ever. */
export interface RecordedVersion {
  readonly number: number
  readonly servingFingerprint: string
  readonly goldenFingerprint: string
  readonly variantOf: number | null
  /** It was in Git at the last accepted commit. */
  readonly atTip: boolean
  /** Why other bytes under this number are refused at the tip; empty when Git and record agree. */
  readonly refusals: readonly Refusal[]
}

export interface RecordedModel {
  readonly name: string
  /** The repository that brought the name first and owns it. */
  readonly repositoryId: string
  readonly configText: string | null
  /** As the last plan left them. */
  readonly problems: readonly Problem[]
  readonly versions: readonly RecordedVersion[]
}

/** What the record knows of every model, of this repository and of others. Input of `planSync`. */
export interface RecordedRepository {
  /** The repository that is being synchronised. */
  readonly repositoryId: string
  readonly models: readonly RecordedModel[]
}
