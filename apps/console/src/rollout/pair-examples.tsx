'use client'

import type { PairExampleView } from '@understudy/api/views'
import { Blend } from 'lucide-react'
import { useId, useState } from 'react'
import { Button } from '../components/button.tsx'
import { cn } from '../components/cn.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Panel } from '../components/panel.tsx'
import { MomentTime } from '../components/time.tsx'
import type { Pairing } from '../evidence/gate-words.ts'
import { counted } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'

const SHOWN_ID = 12
const SHOWN_VALUE = 96
/** Examples on the page before somebody asks for all. */
const FIRST = 6

interface PairExamplesProps {
  readonly examples: readonly PairExampleView[]
  readonly pairing: Pairing
}

/** Single requests with both answers, one under the other: what the numbers above are made of. */
export function PairExamples({ examples, pairing }: PairExamplesProps) {
  const [all, setAll] = useState(false)
  const list = useId()
  const differing = examples.filter((example) => example.differing.length > 0).length
  const note =
    differing > 0
      ? `${counted(differing, 'disagreement')} kept as examples · outputs only, inputs are not stored`
      : undefined
  if (examples.length === 0) {
    return (
      <Panel title="Pairs">
        <p className="px-4 py-5 text-ink-2">
          No pair in which the answers differ has been kept so far. The first one appears here, with both
          answers.
        </p>
      </Panel>
    )
  }
  return (
    <Panel title="Pairs" note={note}>
      <ul id={list}>
        {(all ? examples : examples.slice(0, FIRST)).map((example) => (
          <PairExample key={example.requestId} example={example} pairing={pairing} />
        ))}
      </ul>
      {examples.length > FIRST && (
        <div className="border-t px-4 py-2.5">
          <Button height="small" aria-expanded={all} aria-controls={list} onClick={() => setAll(!all)}>
            {all ? `Show the first ${FIRST}` : `Show all ${examples.length}`}
          </Button>
        </div>
      )}
    </Panel>
  )
}

function PairExample({ example, pairing }: { readonly example: PairExampleView; readonly pairing: Pairing }) {
  // An answer that failed has one entry, its error, which the other side may not have.
  const outputs = [...new Set([...Object.keys(example.baseline), ...Object.keys(example.candidate)])]
  return (
    <li className="grid gap-x-6 gap-y-2 border-t px-4 py-2.5 first:border-t-0 md:grid-cols-[132px_minmax(0,1fr)]">
      <div>
        <p className="flex items-center gap-1 font-mono text-second">
          {example.requestId.slice(0, SHOWN_ID)}
          <CopyButton
            what={`request id ${example.requestId.slice(0, SHOWN_ID)}`}
            text={example.requestId}
            className="-my-1"
          />
        </p>
        <p className="text-ink-3 text-second">
          <MomentTime at={example.at} />
        </p>
      </div>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(min(240px,100%),1fr))] gap-x-6 gap-y-2">
        {outputs.map((name) => (
          <Output key={name} name={name} example={example} pairing={pairing} />
        ))}
      </dl>
    </li>
  )
}

interface OutputProps {
  readonly name: string
  readonly example: PairExampleView
  readonly pairing: Pairing
}

function Output({ name, example, pairing }: OutputProps) {
  const differs = example.differing.includes(name)
  return (
    <div>
      <dt className={cn('flex items-center gap-1.5 text-second', differs ? 'font-medium' : 'text-ink-3')}>
        {flatText(name, 40)}
        {differs && (
          <>
            <Blend aria-hidden size={12} className="shrink-0 text-ink-2" />
            <span className="sr-only">differs</span>
          </>
        )}
      </dt>
      <dd>
        <Answer version={pairing.baseline} value={example.baseline[name]} side="base" strong={differs} />
        <Answer version={pairing.candidate} value={example.candidate[name]} side="cand" strong={differs} />
      </dd>
    </div>
  )
}

interface AnswerProps {
  readonly version: number | null
  readonly value: string | undefined
  readonly side: 'base' | 'cand'
  readonly strong: boolean
}

function Answer({ version, value, side, strong }: AnswerProps) {
  return (
    <p className="flex gap-2.5 text-second">
      <span className={cn('w-6 shrink-0', side === 'cand' ? 'text-cand' : 'text-ink-2')}>
        v{version ?? '?'}
      </span>
      <span className={cn('min-w-0 font-mono', strong ? 'font-medium' : 'text-ink-2')}>
        {value === undefined ? 'no answer' : flatText(value, SHOWN_VALUE)}
      </span>
    </p>
  )
}
