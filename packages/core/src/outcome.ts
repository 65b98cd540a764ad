/** What turned out to be true: a class, or a number. */
export type OutcomeTruth = { readonly label: string } | { readonly value: number }

/** What turned out to be true about one row of one prediction, as somebody reports it later. */
export interface ReportedOutcome {
  readonly model: string
  /** Id of the request that was predicted. */
  readonly requestId: string
  /** Row of that request, from 0. */
  readonly row: number
  readonly truth: OutcomeTruth
}

/**
 * What became of a report. The first about a row counts; the same again is a `duplicate`, which is a success; one that differs is a
 * `contradiction`, which is recorded and shown and changes no score.
 */
export const OUTCOME_STATUSES = ['recorded', 'duplicate', 'contradiction'] as const
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number]

/** Takes reports of one caller. */
export interface OutcomeReporter {
  /**
   * Records all of them or none; what it gives is on disk. In the order of the reports.
   *
   * @throws PlatformError `serving.model_not_found`, `request.permission_denied`, `outcomes.unavailable`, `outcomes.too_many`, `outcomes.no_record`
   */
  report(outcomes: readonly ReportedOutcome[]): Promise<readonly OutcomeStatus[]>
}
