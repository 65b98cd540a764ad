'use client'

import type { RolloutView } from '@understudy/api/views'
import { useEffect, useState } from 'react'
import { type DecisionChange, decisionChanges } from './decision-changes.ts'

export interface DecisionBasis {
  /** What the page shows and a decision is bound to. */
  readonly shown: RolloutView
  /** What is true now and differs from it; empty while the page is true. */
  readonly changes: readonly DecisionChange[]
  readonly draft: string
  /** Writing holds the page to what was seen when it began. */
  readonly write: (text: string) => void
  /** Holds the page to what a refused decision was bound to. */
  readonly hold: () => void
  /** Shows the page as it is now; the text is kept. */
  readonly showNow: () => void
}

/**
 * Nothing a decision rests on changes silently under a half-written one.
 *
 * While nobody writes, the page follows the record. From the first letter on it is held to what was seen: counters still
 * move, but a change of candidate, baseline, policy, verdict or state is shown as a change, to be looked at first.
 */
export function useDecisionBasis(
  live: RolloutView,
  [draft, setDraft]: readonly [string, (text: string) => void],
): DecisionBasis {
  const [held, setHeld] = useState<RolloutView | null>(null)
  // A draft found after a reload belongs to the page as it was loaded.
  useEffect(() => {
    if (draft !== '') setHeld((before) => before ?? live)
  }, [draft, live])
  const changes = held === null ? [] : decisionChanges(held, live)
  const shown = held !== null && changes.length > 0 ? held : live
  return {
    shown,
    changes,
    draft,
    write(text) {
      setDraft(text)
      setHeld((before) => (text === '' ? null : (before ?? live)))
    },
    hold: () => setHeld((before) => before ?? live),
    showNow: () => setHeld(draft === '' ? null : live),
  }
}
