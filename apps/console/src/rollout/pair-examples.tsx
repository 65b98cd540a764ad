import type { PairExampleView } from '@understudy/api/views'
import { Blend } from 'lucide-react'
import { cn } from '../components/cn.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Panel } from '../components/panel.tsx'
import { MomentTime } from '../components/time.tsx'
import type { Pairing } from '../evidence/gate-words.ts'
import { counted } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'

const SHOWN_ID = 12
const SHOWN_VALUE = 96

interface PairExamplesProps {
  readonly examples: readonly PairExampleView[]
  readonly pairing: Pairing
}

/** Single requests with both answers, one under the other: what the numbers above are made of. */
export function PairExamples({ examples, pairing }: PairExamplesProps) {
  const differing = examples.filter((example) => example.differing.length > 0).length
  const note =
    differing > 0
      ? `${counted(differing, 'disagreement')} kept as examples · outputs only, inputs are not stored`
      : undefined
  return (
    <Panel title="Pairs" note={note}>
      {examples.length === 0 ? (
        <p className="px-4 py-5 text-ink-2">
          No pair in which the answers differ has been kept so far. The first one appears here, with both
          answers.
        </p>
      ) : (
        <ul>
          {examples.map((example) => (
            <PairExample key={example.requestId} example={example} pairing={pairing} />
          ))}
        </ul>
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
          <CopyButton what={`request id ${example.requestId.slice(0, SHOWN_ID)}`} text={example.requestId} />
        </p>
        <p className="text-ink-3 text-second">
          <MomentTime at={example.at} />
        </p>
      </div>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(min(260px,100%),1fr))] gap-x-6 gap-y-2">
        {outputs.map((name) => {
          const differs = example.differing.includes(name)
          return (
            <div key={name} className="grid grid-cols-[104px_minmax(0,1fr)] gap-x-3">
              <dt
                className={cn(
                  'flex items-start gap-1.5 text-second',
                  differs ? 'font-medium text-ink' : 'text-ink-3',
                )}
              >
                {differs && <Blend aria-hidden size={12} className="mt-0.5 shrink-0" />}
                <span className="min-w-0">
                  {flatText(name, 40)}
                  {differs && <span className="sr-only"> differs</span>}
                </span>
              </dt>
              <dd className="min-w-0">
                <Answer
                  version={pairing.baseline}
                  value={example.baseline[name]}
                  side="base"
                  strong={differs}
                />
                <Answer
                  version={pairing.candidate}
                  value={example.candidate[name]}
                  side="cand"
                  strong={differs}
                />
              </dd>
            </div>
          )
        })}
      </dl>
    </li>
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
      <span className={cn('w-7 shrink-0', side === 'cand' ? 'text-cand' : 'text-ink-2')}>
        v{version ?? '?'}
      </span>
      <span className={cn('min-w-0 font-mono', strong ? 'font-medium' : 'text-ink-2')}>
        {value === undefined ? 'no answer' : flatText(value, SHOWN_VALUE)}
      </span>
    </p>
  )
}
