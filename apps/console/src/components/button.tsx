import { cva, type VariantProps } from 'class-variance-authority'
import { Lock } from 'lucide-react'
import type { ComponentProps, MouseEvent } from 'react'
import { cn } from './cn.ts'

export const buttonLook = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-control border font-medium text-body transition-colors duration-[120ms] ease-out touch:min-h-11',
  {
    variants: {
      look: {
        plain: 'border-line-strong bg-surface text-ink hover:bg-hover',
        primary: 'border-ink bg-ink text-surface hover:bg-ink-2',
        danger: 'border-bad-line bg-surface text-bad hover:bg-bad-soft',
        dangerSolid: 'border-bad-solid bg-bad-solid text-on-solid hover:brightness-95',
        quiet: 'border-transparent bg-transparent text-ink-2 hover:bg-hover hover:text-ink',
      },
      height: { small: 'h-7 px-2 text-second', middle: 'h-8 px-3', large: 'h-9 px-4' },
    },
    defaultVariants: { look: 'plain', height: 'middle' },
  },
)

const OFF = 'cursor-not-allowed border-line-strong bg-sunken text-ink-3 hover:bg-sunken hover:brightness-100'

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'>, VariantProps<typeof buttonLook> {
  /**
   * Why it cannot be pressed now. The button stays and can be reached; the sentence must also stand beside it, under
   * the id given as `aria-describedby`.
   */
  readonly off?: boolean | undefined
  /** Shows what is under way in place of the label, at the same width. */
  readonly acting?: string | undefined
}

/** A button that is never removed: what may not be done now is marked by a lock and does nothing. */
export function Button({
  look,
  height,
  off = false,
  acting,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  const still = off || acting !== undefined
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (still) event.preventDefault()
    else onClick?.(event)
  }
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={still || undefined}
      onClick={press}
      className={cn(
        buttonLook({ look, height }),
        off && OFF,
        acting !== undefined && 'cursor-progress',
        className,
      )}
    >
      <span className="grid">
        <span
          className={cn(
            'col-start-1 row-start-1 inline-flex items-center justify-center gap-2',
            acting !== undefined && 'invisible',
          )}
        >
          {off && <Lock aria-hidden size={14} />}
          {children}
        </span>
        {acting !== undefined && <span className="col-start-1 row-start-1">{acting}</span>}
      </span>
    </button>
  )
}

/** A small square button with an icon only; its name is said by assistive technology and shown on hover. */
export function IconButton({
  label,
  className,
  children,
  ...rest
}: ComponentProps<'button'> & { readonly label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cn(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-control text-ink-2 transition-colors duration-[120ms] hover:bg-hover hover:text-ink touch:size-11',
        className,
      )}
    >
      {children}
    </button>
  )
}
