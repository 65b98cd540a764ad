import { formatCount, formatPercent } from '@understudy/rollout'

/** Predictions of one kind, and those of them whose outcome is known. */
export interface AnswerCoverage {
  /** What the live version answered. */
  readonly answer: string
  readonly kept: number
  readonly reported: number
}

/** Fewer predictions of one answer say nothing about it. */
const KEPT_MIN = 30
/** An answer is blind when its outcomes are this much rarer than those of all others. */
const RARER = 5
/** From here on outcomes count as known for all predictions. */
const COMPLETE = 0.95

/** The answers of the live version whose outcomes are hardly ever known, the most frequent answer first. */
export function findBlindAnswers(answers: readonly AnswerCoverage[]): readonly AnswerCoverage[] {
  const all = sum(answers)
  return answers
    .filter(({ kept, reported }) => {
      const others = { kept: all.kept - kept, reported: all.reported - reported }
      if (kept < KEPT_MIN || others.kept === 0) return false
      return (reported / kept) * RARER < others.reported / others.kept
    })
    .sort((left, right) => right.kept - left.kept)
}

/**
 * What whoever decides by outcomes has to know about them; null when they are known for nearly all predictions. Outcomes that exist only where
 * the live version's answer allowed them judge every other version by the cases that live has chosen.
 */
export function describeCoverage(
  counts: { readonly kept: number; readonly reported: number },
  answers: readonly AnswerCoverage[],
): string | null {
  const [blind] = findBlindAnswers(answers)
  if (blind !== undefined) {
    const all = sum(answers)
    const others = (all.reported - blind.reported) / (all.kept - blind.kept)
    return `Where live answered "${blind.answer}", outcomes are known for ${formatCount(blind.reported)} of ${formatCount(blind.kept)} predictions, and for ${formatPercent(others)} of the others: they seem to exist only where live's answer allowed them. A version that answers differently there is hardly judged by those cases.`
  }
  const share = counts.kept === 0 ? 1 : counts.reported / counts.kept
  if (share >= COMPLETE) return null
  return `Outcomes are known for ${formatPercent(share)} of the predictions. Where they exist only because of live's answer (a loan that was refused is never paid back), the comparison favours what live does already.`
}

function sum(answers: readonly AnswerCoverage[]): { readonly kept: number; readonly reported: number } {
  return answers.reduce(
    (before, { kept, reported }) => ({ kept: before.kept + kept, reported: before.reported + reported }),
    { kept: 0, reported: 0 },
  )
}
