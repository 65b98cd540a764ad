import type { AnalysisView } from '@understudy/api/views'
import { VERDICT_LOOKS, type VerdictWord } from '../states.tsx'
import { counted } from '../text/numbers.ts'
import { firstSentence } from '../text/prose.ts'

/** The verdict as shown: while none is reached, a gate that goes toward fail is said before all else. */
export function shownVerdict(analysis: AnalysisView): VerdictWord {
  if (analysis.outcome !== 'collecting') return analysis.outcome
  if (analysis.gates.some((gate) => gate.decides && gate.verdict === 'towardFail')) return 'towardFail'
  return analysis.pairs === 0 ? 'noPairs' : 'collecting'
}

/** The platform's own words: the sentence that leads, beginning with the verdict, and what it says besides. */
export function bannerWords(analysis: AnalysisView): { readonly title: string; readonly detail: string } {
  const word = VERDICT_LOOKS[shownVerdict(analysis)].word.en
  const [first, detail] = firstSentence(analysis.summary)
  if (first === '') return { title: word, detail }
  const leads = Object.values(VERDICT_LOOKS).some((look) => first.startsWith(look.word.en))
  return { title: leads ? first : `${word}: ${first}`, detail }
}

/** `2 of 2 gates pass`, for where there is no room for the gates. */
export function gatesPassed(analysis: AnalysisView): string {
  const deciding = analysis.gates.filter((gate) => gate.decides)
  const passed = deciding.filter((gate) => gate.verdict === 'pass').length
  return `${passed} of ${counted(deciding.length, 'gate')}`
}
