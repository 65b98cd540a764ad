import type { ServableRole } from '@understudy/serving'
import type { ModelForm } from '../frames/frame.ts'
import type { Placement } from '../pool/decide-placement.ts'
import { restartDelayMs } from '../pool/restart-delay.ts'

/** Where a version is, or should be. */
export interface Place {
  readonly form: ModelForm
  readonly placement: Placement
}

/** What brings a version nearer to where it should be. */
export interface HomeStep extends Place {
  /** `replace`: there is none and runs may wait; `move`: it is served meanwhile. */
  readonly type: 'replace' | 'move'
  readonly afterMs: number
  readonly isWarmedUp: boolean
}

export interface StepFacts {
  readonly role: ServableRole
  readonly wanted: Place
  /** Undefined: it was lost. */
  readonly actual: Place | undefined
  /** The form that can be had soonest. */
  readonly firstForm: ModelForm
  /** Losses and failed replacements in a row. */
  readonly failuresInARow: number
  /** Failed moves since the last change of role. */
  readonly failedMoves: number
  /** It runs at a lower priority than it should, and cannot get the other one where it is. */
  readonly isHeldBack: boolean
  /** Before its warm-up a version stays where it is. */
  readonly mayMove: boolean
}

/** A form that a version cannot be brought into is given up until its role changes. */
export const MOVES_MAX = 5
/** After a loss: preparing the next form needs the processor that the recovery needs. */
const MOVE_AFTER_LOSS_MS = 1_000

/** The next step of a version towards where it should be, or null when it is there. */
export function nextStep(facts: StepFacts): HomeStep | null {
  const { wanted, actual, failuresInARow, failedMoves } = facts
  if (actual === undefined) {
    const form = wanted.form === 'prepacked' ? facts.firstForm : wanted.form
    const afterMs = restartDelayMs(failuresInARow)
    // The runs that wait warm it up as well.
    return { type: 'replace', placement: wanted.placement, form, afterMs, isWarmedUp: false }
  }
  const isThere = actual.form === wanted.form && actual.placement === wanted.placement && !facts.isHeldBack
  if (isThere || !facts.mayMove || failedMoves >= MOVES_MAX) return null
  const afterMs = Math.max(failuresInARow === 0 ? 0 : MOVE_AFTER_LOSS_MS, restartDelayMs(failedMoves + 1))
  // A version that only waits to be needed was warm before; a run would bring all of its weights into memory again.
  return { type: 'move', ...wanted, afterMs, isWarmedUp: facts.role !== 'idle' }
}
