import type { RolloutView, StepView } from '@understudy/api/views'
import { Check, Minus, OctagonX, UserRoundCheck } from 'lucide-react'
import { cn } from '../components/cn.ts'
import { flatText } from '../text/plain-text.ts'

const STEP_NAMES: Readonly<Record<StepView['step'], string>> = {
  validate: 'Validate',
  load: 'Load and warm',
  shadow: 'Shadow',
  approval: 'Approval',
  canary: 'Canary',
  promote: 'Promote',
  bake: 'Bake',
}

/** The way to live, step by step; the present one says what it waits for. */
export function StepRail({ rollout }: { readonly rollout: RolloutView }) {
  return (
    <>
      <ol className="hidden px-4 pt-3 pb-3.5 md:flex">
        {rollout.steps.map((step, index) => (
          <RailStep
            key={step.step}
            step={step}
            number={index + 1}
            last={index === rollout.steps.length - 1}
          />
        ))}
      </ol>
      <ShortRail steps={rollout.steps} />
    </>
  )
}

interface RailStepProps {
  readonly step: StepView
  readonly number: number
  readonly last: boolean
}

function RailStep({ step, number, last }: RailStepProps) {
  const now = step.state === 'now'
  return (
    <li
      aria-current={now ? 'step' : undefined}
      className={cn('min-w-0 flex-1 pr-2', last && 'flex-none lg:min-w-28')}
    >
      <div className="flex items-center">
        <StepSign step={step} number={number} />
        {!last && (
          <span
            aria-hidden
            className={cn('mx-1.5 h-0.5 flex-1', step.state === 'done' ? 'bg-base' : 'h-px bg-line-strong')}
          />
        )}
      </div>
      <p
        className={cn(
          'mt-1.5 font-medium',
          now && 'font-semibold',
          step.state === 'ahead' && 'font-normal text-ink-2',
          step.state === 'skipped' && 'font-normal text-ink-3 line-through',
        )}
      >
        {STEP_NAMES[step.step]}
      </p>
      <p className={cn('text-second', NOTE_TONE[stepTone(step)])}>{flatText(step.note, 80)}</p>
    </li>
  )
}

type StepTone = 'quiet' | 'warn' | 'cand' | 'bad'

const NOTE_TONE: Readonly<Record<StepTone, string>> = {
  quiet: 'text-ink-3',
  warn: 'font-medium text-warn',
  cand: 'text-cand',
  bad: 'text-bad',
}

function stepTone(step: StepView): StepTone {
  if (step.state === 'failed') return 'bad'
  if (step.state !== 'now') return 'quiet'
  return step.step === 'approval' ? 'warn' : 'cand'
}

const SIGN = 'inline-flex size-5 shrink-0 items-center justify-center rounded-full text-micro'

function StepSign({ step, number }: { readonly step: StepView; readonly number: number }) {
  if (step.state === 'done') {
    return (
      <span className={cn(SIGN, 'bg-base text-surface')}>
        <Check aria-hidden size={12} />
        <span className="sr-only">Done:</span>
      </span>
    )
  }
  if (step.state === 'failed') {
    return (
      <span className={cn(SIGN, 'text-bad')}>
        <OctagonX aria-hidden size={18} />
        <span className="sr-only">Failed:</span>
      </span>
    )
  }
  if (step.state === 'skipped') {
    return (
      <span className={cn(SIGN, 'border border-line-strong text-ink-3')}>
        <Minus aria-hidden size={12} />
        <span className="sr-only">Not reached:</span>
      </span>
    )
  }
  if (step.state === 'now') {
    const waits = step.step === 'approval'
    return (
      <span
        className={cn(
          SIGN,
          'border-2',
          waits ? 'border-warn bg-warn-soft text-warn' : 'border-cand bg-cand-soft text-cand',
        )}
      >
        {waits ? <UserRoundCheck aria-hidden size={11} /> : number}
      </span>
    )
  }
  return <span className={cn(SIGN, 'border border-control text-ink-2')}>{number}</span>
}

function ShortRail({ steps }: { readonly steps: readonly StepView[] }) {
  const at = shownStep(steps)
  const step = steps[at]
  if (step === undefined) return null
  return (
    <div className="px-4 py-3 md:hidden">
      <div className="flex items-center justify-between gap-3">
        <p className="font-semibold">
          Step {at + 1} of {steps.length}: {STEP_NAMES[step.step]}
        </p>
        <Pips steps={steps.map((each) => pipOf(each))} />
      </div>
      <p className={cn('text-second', NOTE_TONE[stepTone(step)])}>{flatText(step.note, 80)}</p>
    </div>
  )
}

/** The step a rollout stands at, or ended at. */
function shownStep(steps: readonly StepView[]): number {
  const at = steps.findIndex((step) => step.state === 'now' || step.state === 'failed')
  return at === -1 ? steps.findLastIndex((step) => step.state === 'done') : at
}

export type Pip = 'done' | 'cand' | 'warn' | 'bad' | 'ahead'

function pipOf(step: StepView): Pip {
  if (step.state === 'done') return 'done'
  const tone = stepTone(step)
  return tone === 'quiet' ? 'ahead' : tone
}

const PIP: Readonly<Record<Pip, string>> = {
  done: 'border-base bg-base',
  cand: 'border-cand bg-cand',
  warn: 'border-warn bg-warn',
  bad: 'border-bad bg-bad',
  ahead: 'border-control',
}

/** The rail in a word's width, for tables and phones. The word beside it says what it means. */
export function Pips({ steps }: { readonly steps: readonly Pip[] }) {
  return (
    <span aria-hidden className="inline-flex gap-1">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places of a fixed row
        <span key={index} className={cn('h-1.5 w-2.5 rounded-full border', PIP[step])} />
      ))}
    </span>
  )
}
