'use client'

import { Check, CircleAlert } from 'lucide-react'
import { type RefObject, useId } from 'react'
import { cn } from '../components/cn.ts'

export const FIELD =
  'block w-full resize-y rounded-control border border-control bg-surface px-2.5 py-1.5 text-body placeholder:text-ink-3'

interface ReasonFieldProps {
  readonly chips: readonly string[]
  readonly chip: string | null
  readonly onChip: (chip: string | null) => void
  readonly text: string
  readonly onText: (text: string) => void
  readonly placeholder: string
  /** Shown at the field, which is then marked. */
  readonly problem: string | undefined
  readonly fieldRef: RefObject<HTMLTextAreaElement | null>
}

/** Why: a chip, or 3 to 500 characters, or both. */
export function ReasonField({
  chips,
  chip,
  onChip,
  text,
  onText,
  placeholder,
  problem,
  fieldRef,
}: ReasonFieldProps) {
  const id = useId()
  return (
    <div>
      <p className="text-second">
        <label htmlFor={id} className="font-medium">
          Reason
        </label>{' '}
        <span className="text-ink-3">required</span>
      </p>
      <fieldset className="mt-1.5 flex flex-wrap gap-1">
        <legend className="sr-only">Kind of reason</legend>
        {chips.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={chip === name}
            onClick={() => onChip(chip === name ? null : name)}
            className={cn(
              'inline-flex h-7 items-center gap-1.5 rounded-full border border-control px-2 text-second transition-colors duration-[120ms] hover:bg-hover touch:h-11',
              chip === name && 'border-ink bg-hover font-medium',
            )}
          >
            {chip === name && <Check aria-hidden size={12} />}
            {name}
          </button>
        ))}
      </fieldset>
      <textarea
        id={id}
        ref={fieldRef}
        rows={2}
        maxLength={520}
        value={text}
        placeholder={placeholder}
        onChange={(event) => onText(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        className={cn(FIELD, 'mt-2', problem !== undefined && 'border-bad')}
      />
      {problem !== undefined && (
        <p id={`${id}-problem`} className="mt-1 flex items-center gap-1.5 text-bad text-second">
          <CircleAlert aria-hidden size={14} className="shrink-0" />
          {problem}
        </p>
      )}
    </div>
  )
}
