/** How much is known of what turned out to be true. */
export interface OutcomeCoverageView {
  /** Predictions whose answers were kept, those of them with an outcome, and those whose outcome was compared. */
  readonly kept: number
  readonly reported: number
  readonly scored: number
  /** Reported differently later; the first report counts. */
  readonly contradicted: number
  /** A sentence for whoever decides by outcomes; null when there is nothing to warn of. */
  readonly warning: string | null
}

/** A later report that differs from the one that counts. Values are JSON texts. */
export interface ContradictionView {
  readonly requestId: string
  readonly counts: string
  readonly said: string
  readonly reportedBy: string
  /** ISO 8601. */
  readonly at: string
}

/** Mean loss of one version by day (UTC). */
export interface QualityCurveView {
  readonly number: number
  readonly days: readonly { readonly day: string; readonly count: number; readonly meanLoss: number }[]
  /** It is live and answers worse than in its rollout. It alarms and takes nothing off. */
  readonly alarm: boolean
}

/** How good versions are by reported outcomes; null where the policy asks for none. */
export interface QualityView {
  readonly output: string
  readonly loss: 'zeroOne' | 'absolute'
  readonly margin: number
  readonly coverage: OutcomeCoverageView
  readonly contradictions: readonly ContradictionView[]
  /** Newest version first. */
  readonly versions: readonly QualityCurveView[]
}
