'use client'

import type { RolloutView } from '@understudy/api/views'
import { buttonLook } from '../components/button.tsx'
import { Mark } from '../components/look.tsx'
import { gatesPassed, shownVerdict } from '../evidence/verdict-words.ts'
import { VERDICT_LOOKS } from '../states.tsx'

/** On a phone: the verdict and the way to the decision, always in reach. Evidence still comes before it. */
export function DecideBar({ rollout }: { readonly rollout: RolloutView }) {
  const { analysis } = rollout
  return (
    <div className="fixed inset-x-0 bottom-0 z-20 flex items-center gap-3 border-t bg-surface px-4 py-2.5 shadow-float md:hidden">
      {analysis !== null && (
        <p className="flex min-w-0 items-center gap-2.5">
          <Mark look={VERDICT_LOOKS[shownVerdict(analysis)]} />
          <span className="text-ink-2 text-second">{gatesPassed(analysis)}</span>
        </p>
      )}
      <a href="#decision" className={buttonLook({ look: 'primary', className: 'ml-auto h-11' })}>
        Decide on v{rollout.candidate.number}
      </a>
    </div>
  )
}
